"""Words of what takes long and is well, for which a limit is no safe fix, whatever the language says them in."""

from __future__ import annotations

import re

# Words of a call whose server may be silent for long, and be well: it polls, listens to events, or says so itself.
MAY_BE_LONG = re.compile(r"timeout|wait|poll|watch|listen|stream|subscri|event", re.IGNORECASE)

# Words of what a server works on before it answers: texts and pictures of models, queries of users, pages that it
# visits, releases. They may stand in the address, or in the name of the function, the class or the file around it.
WORKS_LONG = re.compile(
    r"completions?(?![a-z])|/generate\b|^_?generate$|generate_(?:media|images?|audio|video|speech|text|answer|response|content)"
    r"|infer(?:ence)?(?![a-z])|predict|transcri|speech|(?<![a-z])tts|synthesi[sz]e|(?<![a-z])embed(?!s\b)|embedding|rerank"
    r"|(?:launch|load|pull|register)_?model|model_?(?:handle|server)|(?<![a-z])train(?![a-z])|llama|llm|gpt"
    r"|(?:run|execute)\w*_query|sparql|scrape|crawl|deploy_(?!url)",
    re.IGNORECASE,
)

# What a request to a model is made of.
ASKS_A_MODEL = re.compile(r"""max_(?:new_|output_)?tokens|n_predict|repetition_penalty|["']prompt["']""")

# Who makes models: what is named after one and is handed work asks it.
OF_A_MODEL = re.compile(
    r"claude|gemini|openai|anthropic|mistral|deepseek|qwen|ollama|(?<![a-z])l?lms?(?![a-z])", re.IGNORECASE
)

# Where models are asked, by the names of folders and files: of language models, of chats, of what they predict.
NEAR_A_MODEL = re.compile(
    r"(?<![a-z])(?:l?lms?|chat(?:bot)?s?|completions?|generat(?:e|ion|or)s?|predict\w*|inference|embeddings?|diffusion)(?![a-z])"
)

# Work that a request has a server do on all of its data, or with programs of its own.
STARTS_WORK = re.compile(
    r"(?<![a-z])(?:truncate|vacuum|re_?index|(?:enable|disable|set)_(?:\w+_)?triggers?|backup(?!_codes?|_email)"
    r"|restore_(?:\w+_)?(?:backup|database|db|snapshot|dump)|(?:re)?build|(?:un|re)?install|migrate|provision|clone"
    r"|train|fine_?tune|compile|transcode|(?:re|un)?deploy|backtest)(?![a-z])"
)

# Words of what is quick in one project and slow in the next.
MAY_WORK_LONG = re.compile(
    r"(?<![a-z])(?:import|export|(?:re)?sync(?:hroni[sz]e)?|upload|download|(?:re)?generate|generation|(?:re)?run|exec"
    r"|execute|(?:re)?start|launch|spawn|batch|bulk|process|report|analy[sz]e|analysis|optimi[sz]e|simulate|evaluate"
    r"|benchmark|scan|convert|duplicate|copy|dump|recalculate|restore|upgrade|invoke|trigger|migration|purge|clean_?up"
    r"|snapshot|backup|build|deployment|training|pay|payment|payout|withdraw(?:al)?|charge|refund|transfer)(?:s|es)?(?![a-z])"
)

# What is spelled like work and is none: how an address comes about, and where a program finds its settings.
_NO_WORK = re.compile(
    r"(?:build|generate|make|create|get)_(?:\w+_)?(?:url|uri|path|endpoint|query|params|headers)s?(?![a-z])"
    r"|import\.meta\.env\.\w+|process\.env\.\w+"
)


def spelled(text: str) -> str:
    """A text with its names in the spelling of snake_case, without those that are spelled like work and are none."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})", "_", text).lower()
    return _NO_WORK.sub("", snake)
