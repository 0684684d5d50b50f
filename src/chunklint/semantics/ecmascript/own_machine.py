"""What answers on this machine, in the order in which it was asked and within milliseconds: tables of names."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Packages whose every function works on what it is given, or on what the browser or the device keeps. What may as well
# ask a server (`jose` for keys, `pdfjs-dist` for an address, `exifr` for one) is not among them, nor what wraps any
# function that it is given (`lodash`).
PACKAGES = re.compile(
    r"^(?:"
    # Databases and file systems of the browser and of the device.
    r"dexie|idb|idb-keyval|localforage|pouchdb(?:-browser)?|sql\.js|wa-sqlite|memfs|@zenfs/(?:core|dom)|realm|"
    r"@isomorphic-git/lightning-fs|@sqlite\.org/sqlite-wasm|expo-(?:sqlite|secure-store|file-system)(?:/\w+)?|"
    r"react-native-(?:sqlite-storage|sqlite-2|quick-sqlite|mmkv|fs|encrypted-storage|keychain)|@op-engineering/op-sqlite|"
    r"@react-native-async-storage/async-storage|@nozbe/watermelondb|@capacitor/(?:preferences|filesystem)|"
    r"@capacitor-community/sqlite|@tauri-apps/plugin-(?:sql|store|fs)|"
    # Hashes, keys and encodings.
    r"libsodium(?:-wrappers)?(?:-sumo)?|tweetnacl(?:-util)?|bcryptjs|hash-wasm|@noble/[\w-]+(?:/\w+)?|@scure/[\w-]+|"
    r"argon2-browser|crypto-js(?:/[\w-]+)?|js-sha\d+|spark-md5|bs58|buffer|uuid|nanoid|"
    # Archives, parsers, formatters and what draws.
    r"jszip|fflate|pako|xlsx|exceljs|mammoth|marked|markdown-it|remark(?:-[\w-]+)?|rehype(?:-[\w-]+)?|unified|shiki|"
    r"highlight\.js|prismjs|prettier(?:/[\w-]+)?|mermaid|katex|qrcode|fuse\.js|minisearch|flexsearch|yaml|js-yaml|"
    r"papaparse|dompurify|date-fns|dayjs|@babel/(?:parser|standalone|traverse|generator)|acorn|sql-formatter|"
    # Schemas, whose own tests are written in the same sources.
    r"yup|zod(?:/\w+)?|valibot|joi|ajv|superstruct|@sinclair/typebox"
    r")$"
)
# Packages that ask servers, and nothing else: there is nothing to look up in other files.
CLIENTS = re.compile(
    r"^(?:axios|ky|ofetch|got|superagent|graphql-request|@apollo/client|@urql/core|urql|swr|firebase(?:/\w+)?|"
    r"@supabase/[\w-]+|@trpc/[\w-]+|@tanstack/[\w-]+|@aws-sdk/[\w-]+|aws-amplify(?:/\w+)?|openai|ethers|viem|wagmi|"
    r"react|react-dom|react-router(?:-dom)?|next/[\w/-]+)$"
)
_AT_ONCE = _words("""
    Array ArrayBuffer BigInt Boolean Date Intl JSON Map Math Number Object RegExp Set String Symbol URL atob btoa
    console decodeURIComponent encodeURIComponent isNaN parseFloat parseInt structuredClone performance
""")
# Chains of names of the browser's own: those that begin so do their work here. `caches` and `document.fonts` are left
# out, since `add` and `load` of theirs fetch.
BUILT_IN = (
    ("crypto",),
    ("indexedDB",),
    ("localStorage",),
    ("sessionStorage",),
    ("navigator", "permissions"),
    ("navigator", "clipboard"),
    ("navigator", "storage"),
    ("navigator", "mediaDevices", "enumerateDevices"),
    ("createImageBitmap",),
    ("WebAssembly", "compile"),
    ("WebAssembly", "instantiate"),
    *((name,) for name in _AT_ONCE),
)
WINDOWS = ("window", "globalThis", "self")
# What the browser makes that answers by itself; nobody else's class is called so. A `Map` may hold promises.
CLASSES = _words("""
    FileReader TextEncoder TextDecoder Blob File Set Date Error URL URLSearchParams RegExp DOMParser
    XMLSerializer Uint8Array Uint16Array Uint32Array Float32Array ArrayBuffer DataView OffscreenCanvas
    CompressionStream DecompressionStream Response
""")
# Methods of strings, arrays and dates, whose names no client has: they wait for nothing.
INSTANT = _words("""
    map flatMap flat join slice split trim toLowerCase toUpperCase toString toFixed replace replaceAll padStart padEnd
    includes startsWith endsWith indexOf concat reduce toSorted toReversed reverse some every toISOString localeCompare
    charCodeAt at valueOf getTime
""")
# Such methods of arrays take a function; what a client calls so takes none.
INSTANT_WITH = frozenset({"filter", "find", "sort", "findIndex", "forEach"})
# What reads the rest of an answer, or a file; which of the two, its owner says.
READS = frozenset({"arrayBuffer", "blob", "bytes", "formData", "json", "text"})
FILES = re.compile(r"(?:^|[a-z])(?:[Ff]ile|[Bb]lob)$|^(?:file|blob)")
# The signs, in a promise that is made by hand, of what fulfils it here.
FULFILS = re.compile(
    r"FileReader|indexedDB|IDB|onsuccess|toBlob|\b(?:requestAnimationFrame|queueMicrotask|setTimeout)\("
)
SETS_SOURCE = re.compile(r"\.(?:src|href)\s*=[^=]")
LATER = frozenset({"setTimeout", "requestAnimationFrame", "queueMicrotask"})
