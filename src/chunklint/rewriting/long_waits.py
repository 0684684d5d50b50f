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
OF_A_MODEL = re.compile(r"claude|gemini|openai|anthropic|mistral|deepseek|qwen|ollama", re.IGNORECASE)
