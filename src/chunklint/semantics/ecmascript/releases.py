"""What can be acquired, and what gives it back: one row a resource, with the page that says so."""

from __future__ import annotations

import re
from enum import StrEnum

from chunklint.records import record


class Kind(StrEnum):
    """What sort of thing is acquired."""

    LISTENER = "listener"
    INTERVAL = "interval"
    TIMEOUT = "timeout"
    LOOP = "loop"
    CONNECTION = "connection"
    OBSERVER = "observer"
    SUBSCRIPTION = "subscription"
    OBJECT_URL = "object URL"
    STREAM = "stream"
    WATCH = "watch"
    GLOBAL = "global"
    INSTANCE = "instance"


@record
class Resource:
    """A function or class that acquires, and the function that releases.

    Attributes:
        name: What is called or constructed: a global's name, a method's, or the export of the module ("default" for
            that one, "editor.create" for a member of an export).
        release: The name of what releases; "" when calling the result does.
        source: The page of the documentation that says so.
        module: The package it is imported from; "" for what browsers offer.
        of: What a method belongs to: with a module, the export that made the object (`useHistory`); without one, a
            part of a global (`geolocation`), a call (`matchMedia`), or "*" for any object. "" for functions, classes.
        also: Other functions that end it, alone or with everything around it.
        keeps: What stays, as a clause, where the kind does not tell it.
        brief: Whether it is often made for a moment only, so that any call that ends it is enough.
    """

    name: str
    kind: Kind
    release: str
    source: str
    module: str = ""
    of: str = ""
    also: tuple[str, ...] = ()
    keeps: str = ""
    brief: bool = False


_MDN = "https://developer.mozilla.org/docs/Web/API/"
_TRACKS = "getTracks().forEach(t => t.stop())"
_NODE = "https://nodejs.org/api/events.html#emitter"
_ENDS_ALL = ("removeListener", "removeAllListeners", "disconnect", "close", "destroy")

_BROWSER = (
    Resource("addEventListener", Kind.LISTENER, "removeEventListener", _MDN + "EventTarget/removeEventListener"),
    Resource("addListener", Kind.LISTENER, "removeListener", _MDN + "MediaQueryList/removeListener", of="matchMedia"),
    Resource(
        "addListener", Kind.LISTENER, "removeListener", "https://developer.chrome.com/docs/extensions/", of="chrome"
    ),
    Resource("setInterval", Kind.INTERVAL, "clearInterval", _MDN + "Window/clearInterval", also=("clearTimeout",)),
    Resource("setTimeout", Kind.TIMEOUT, "clearTimeout", _MDN + "Window/clearTimeout", also=("clearInterval",)),
    Resource(
        "requestAnimationFrame",
        Kind.LOOP,
        "cancelAnimationFrame",
        _MDN + "Window/cancelAnimationFrame",
        also=("clearTimeout",),
    ),
    Resource("requestIdleCallback", Kind.LOOP, "cancelIdleCallback", _MDN + "Window/cancelIdleCallback"),
    Resource(
        "createObjectURL",
        Kind.OBJECT_URL,
        "URL.revokeObjectURL",
        _MDN + "URL/revokeObjectURL_static",
        of="URL",
        brief=True,
    ),
    Resource("watchPosition", Kind.WATCH, "clearWatch", _MDN + "Geolocation/clearWatch", of="geolocation"),
    Resource(
        "getUserMedia", Kind.STREAM, _TRACKS, _MDN + "MediaStreamTrack/stop", of="mediaDevices", also=("getTracks",)
    ),
    Resource(
        "getDisplayMedia", Kind.STREAM, _TRACKS, _MDN + "MediaStreamTrack/stop", of="mediaDevices", also=("getTracks",)
    ),
    Resource(
        "request",
        Kind.INSTANCE,
        "release",
        _MDN + "WakeLockSentinel/release",
        of="wakeLock",
        keeps="the wake lock keeps the screen on",
    ),
    Resource("WebSocket", Kind.CONNECTION, "close", _MDN + "WebSocket/close"),
    Resource("EventSource", Kind.CONNECTION, "close", _MDN + "EventSource/close"),
    Resource("BroadcastChannel", Kind.CONNECTION, "close", _MDN + "BroadcastChannel/close"),
    Resource("Worker", Kind.CONNECTION, "terminate", _MDN + "Worker/terminate"),
    Resource("SharedWorker", Kind.CONNECTION, "port.close", _MDN + "MessagePort/close"),
    Resource("RTCPeerConnection", Kind.CONNECTION, "close", _MDN + "RTCPeerConnection/close"),
    Resource("AudioContext", Kind.CONNECTION, "close", _MDN + "AudioContext/close", brief=True),
    Resource("SpeechRecognition", Kind.CONNECTION, "abort", _MDN + "SpeechRecognition/abort", also=("stop",)),
    Resource("webkitSpeechRecognition", Kind.CONNECTION, "abort", _MDN + "SpeechRecognition/abort", also=("stop",)),
    Resource("IntersectionObserver", Kind.OBSERVER, "disconnect", _MDN + "IntersectionObserver/disconnect"),
    Resource("ResizeObserver", Kind.OBSERVER, "disconnect", _MDN + "ResizeObserver/disconnect", also=("unobserve",)),
    Resource("MutationObserver", Kind.OBSERVER, "disconnect", _MDN + "MutationObserver/disconnect"),
    Resource("PerformanceObserver", Kind.OBSERVER, "disconnect", _MDN + "PerformanceObserver/disconnect"),
    Resource("ReportingObserver", Kind.OBSERVER, "disconnect", _MDN + "ReportingObserver/disconnect"),
    Resource("add", Kind.GLOBAL, "classList.remove", _MDN + "Element/classList", of="classList"),
    Resource("toggle", Kind.GLOBAL, "classList.remove", _MDN + "Element/classList", of="classList", also=("toggle",)),
)

# Methods that mean the same on whatever they are called on.
_ANY_OBJECT = (
    Resource("on", Kind.SUBSCRIPTION, "off", _NODE + "offeventname-listener", of="*", also=_ENDS_ALL),
    Resource("addListener", Kind.SUBSCRIPTION, "removeListener", _NODE + "removelistenereventname-listener", of="*"),
    Resource(
        "subscribe",
        Kind.SUBSCRIPTION,
        "",
        "https://redux.js.org/api/store#subscribelistener",
        of="*",
        also=("unsubscribe",),
    ),
    Resource(
        "subscribe",
        Kind.SUBSCRIPTION,
        "removeChannel",
        "https://supabase.com/docs/reference/javascript/removechannel",
        of="channel",
        also=("unsubscribe",),
        keeps="the channel stays subscribed",
    ),
    Resource(
        "onAuthStateChange",
        Kind.SUBSCRIPTION,
        "data.subscription.unsubscribe",
        "https://supabase.com/docs/reference/javascript/auth-onauthstatechange",
        of="*",
    ),
    Resource("onAuthStateChanged", Kind.SUBSCRIPTION, "", "https://firebase.google.com/docs/reference/js/auth", of="*"),
    Resource("onIdTokenChanged", Kind.SUBSCRIPTION, "", "https://firebase.google.com/docs/reference/js/auth", of="*"),
)


def _made(module: str, name: str, release: str, page: str, of: str = "") -> Resource:
    """What a package makes and its user has to end."""
    return Resource(name, Kind.INSTANCE, release, f"https://{page}", module, of)


def _told(module: str, name: str, page: str, of: str = "", release: str = "") -> Resource:
    """What a package tells until it is told to stop."""
    return Resource(name, Kind.SUBSCRIPTION, release, f"https://{page}", module, of)


_LEXICAL = "@lexical/react/LexicalComposerContext"
_LEXICAL_PAGE = "lexical.dev/docs/concepts/listeners"

_PDF_BUILDS = ("pdfjs-dist", *(f"pdfjs-dist/{way}build/pdf{end}" for way in ("", "legacy/") for end in ("", ".mjs")))


def _papers(module: str, name: str) -> Resource:
    """What loads a document in pdf.js, which starts a worker for each of them."""
    page = "https://mozilla.github.io/pdf.js/api/draft/module-pdfjsLib-PDFDocumentLoadingTask.html"
    keeps = "the PDF document and its worker stay in memory"
    return Resource(name, Kind.INSTANCE, "destroy", page, module, keeps=keeps, brief=True)


_PACKAGES = (
    # Papers.
    *(_papers(build, name) for build in _PDF_BUILDS for name in ("getDocument", "default.getDocument")),
    _papers("react-pdf", "pdfjs.getDocument"),
    # Connections.
    _made("socket.io-client", "io", "disconnect", "socket.io/docs/v4/client-api/"),
    _made("socket.io-client", "default", "disconnect", "socket.io/docs/v4/client-api/"),
    _made("socket.io-client", "connect", "disconnect", "socket.io/docs/v4/client-api/"),
    _made("reconnecting-websocket", "default", "close", "github.com/pladaria/reconnecting-websocket#methods"),
    _made("partysocket", "default", "close", "docs.partykit.io/reference/partysocket-api/"),
    _made("pusher-js", "default", "disconnect", "pusher.com/docs/channels/using_channels/connection/"),
    _made("mqtt", "connect", "end", "github.com/mqttjs/MQTT.js#end"),
    _made("mqtt", "default.connect", "end", "github.com/mqttjs/MQTT.js#end"),
    _made("@stomp/stompjs", "Client", "deactivate", "stomp-js.github.io/api-docs/latest/classes/Client.html"),
    _made("phoenix", "Socket", "disconnect", "hexdocs.pm/phoenix/js/"),
    _made(
        "@microsoft/signalr",
        "build",
        "stop",
        "learn.microsoft.com/aspnet/core/signalr/javascript-client",
        "HubConnectionBuilder",
    ),
    _made("event-source-polyfill", "EventSourcePolyfill", "close", "github.com/Yaffle/EventSource"),
    _made("centrifuge", "Centrifuge", "disconnect", "github.com/centrifugal/centrifuge-js#disconnect"),
    _made("ably", "Realtime", "close", "ably.com/docs/connect"),
    _made("peerjs", "default", "destroy", "peerjs.com/client/api/peer"),
    _made("peerjs", "Peer", "destroy", "peerjs.com/client/api/peer"),
    _made("simple-peer", "default", "destroy", "github.com/feross/simple-peer#peerdestroyerr"),
    _made("livekit-client", "Room", "disconnect", "docs.livekit.io/reference/client-sdk-js/classes/Room.html"),
    _made("@twilio/voice-sdk", "Device", "destroy", "www.twilio.com/docs/voice/sdks/javascript/twiliodevice"),
    _made("y-websocket", "WebsocketProvider", "destroy", "docs.yjs.dev/ecosystem/connection-provider/y-websocket"),
    _made("y-webrtc", "WebrtcProvider", "destroy", "docs.yjs.dev/ecosystem/connection-provider/y-webrtc"),
    _made("y-indexeddb", "IndexeddbPersistence", "destroy", "docs.yjs.dev/ecosystem/database-provider/y-indexeddb"),
    _made("@hocuspocus/provider", "HocuspocusProvider", "destroy", "tiptap.dev/docs/hocuspocus/provider/configuration"),
    # Media.
    _made("hls.js", "default", "destroy", "github.com/video-dev/hls.js/blob/master/docs/API.md"),
    _made("video.js", "default", "dispose", "videojs.com/guides/player-workflows/#dispose"),
    _made("plyr", "default", "destroy", "github.com/sampotts/plyr#methods"),
    _made("wavesurfer.js", "create", "destroy", "wavesurfer.xyz/docs/methods"),
    _made("howler", "Howl", "unload", "github.com/goldfire/howler.js#unload"),
    # Charts and maps.
    _made("chart.js", "Chart", "destroy", "www.chartjs.org/docs/latest/developers/api.html"),
    _made("chart.js", "default", "destroy", "www.chartjs.org/docs/latest/developers/api.html"),
    _made("chart.js/auto", "default", "destroy", "www.chartjs.org/docs/latest/developers/api.html"),
    _made("echarts", "init", "dispose", "echarts.apache.org/en/api.html#echartsInstance.dispose"),
    _made("echarts/core", "init", "dispose", "echarts.apache.org/en/api.html#echartsInstance.dispose"),
    _made("apexcharts", "default", "destroy", "apexcharts.com/docs/methods/#destroy"),
    _made("highcharts", "chart", "destroy", "api.highcharts.com/class-reference/Highcharts.Chart#destroy"),
    _made("lightweight-charts", "createChart", "remove", "tradingview.github.io/lightweight-charts/docs/api"),
    _made("uplot", "default", "destroy", "github.com/leeoniya/uPlot"),
    _made("cytoscape", "default", "destroy", "js.cytoscape.org/#cy.destroy"),
    _made("sigma", "default", "kill", "www.sigmajs.org/docs/advanced/lifecycle/"),
    _made("vis-network", "Network", "destroy", "visjs.github.io/vis-network/docs/network/"),
    _made("vis-network/standalone", "Network", "destroy", "visjs.github.io/vis-network/docs/network/"),
    _made("mapbox-gl", "Map", "remove", "docs.mapbox.com/mapbox-gl-js/api/map/#map#remove"),
    _made("maplibre-gl", "Map", "remove", "maplibre.org/maplibre-gl-js/docs/API/classes/Map/#remove"),
    _made("leaflet", "map", "remove", "leafletjs.com/reference.html#map-remove"),
    _made("leaflet", "Map", "remove", "leafletjs.com/reference.html#map-remove"),
    # Editors and terminals.
    _made("monaco-editor", "editor.create", "dispose", "microsoft.github.io/monaco-editor/docs.html"),
    _made("monaco-editor", "editor.createDiffEditor", "dispose", "microsoft.github.io/monaco-editor/docs.html"),
    _made("@codemirror/view", "EditorView", "destroy", "codemirror.net/docs/ref/#view.EditorView.destroy"),
    _made("codemirror", "EditorView", "destroy", "codemirror.net/docs/ref/#view.EditorView.destroy"),
    _made("prosemirror-view", "EditorView", "destroy", "prosemirror.net/docs/ref/#view.EditorView.destroy"),
    _made("@tiptap/core", "Editor", "destroy", "tiptap.dev/docs/editor/api/editor#destroy"),
    _made("@editorjs/editorjs", "default", "destroy", "editorjs.io/destroy/"),
    _made("ace-builds", "edit", "destroy", "ace.c9.io/api/classes/src_editor.Editor.html"),
    _made("@xterm/xterm", "Terminal", "dispose", "xtermjs.org/docs/api/terminal/classes/terminal/#dispose"),
    _made("xterm", "Terminal", "dispose", "xtermjs.org/docs/api/terminal/classes/terminal/#dispose"),
    # Animation and scenes.
    _made("three", "WebGLRenderer", "dispose", "threejs.org/docs/#api/en/renderers/WebGLRenderer.dispose"),
    _made("lottie-web", "loadAnimation", "destroy", "github.com/airbnb/lottie-web#usage"),
    _made("gsap", "context", "revert", "gsap.com/docs/v3/GSAP/gsap.context()/"),
    _made("gsap", "gsap.context", "revert", "gsap.com/docs/v3/GSAP/gsap.context()/"),
    _made("gsap/ScrollTrigger", "ScrollTrigger.create", "kill", "gsap.com/docs/v3/Plugins/ScrollTrigger/kill()/"),
    _made("lenis", "default", "destroy", "github.com/darkroomengineering/lenis#instance-methods"),
    _made("typed.js", "default", "destroy", "github.com/mattboldt/typed.js"),
    _made("d3-timer", "timer", "stop", "d3js.org/d3-timer#timer_stop"),
    _made("d3-timer", "interval", "stop", "d3js.org/d3-timer#interval"),
    _made("d3", "timer", "stop", "d3js.org/d3-timer#timer_stop"),
    _made("d3", "interval", "stop", "d3js.org/d3-timer#interval"),
    # Widgets.
    _made("swiper", "default", "destroy", "swiperjs.com/swiper-api#method-swiper-destroy"),
    _made("swiper", "Swiper", "destroy", "swiperjs.com/swiper-api#method-swiper-destroy"),
    _made("embla-carousel", "default", "destroy", "www.embla-carousel.com/api/methods/#destroy"),
    _made("sortablejs", "default", "destroy", "github.com/SortableJS/Sortable#methods"),
    _made("sortablejs", "create", "destroy", "github.com/SortableJS/Sortable#methods"),
    _made("tippy.js", "default", "destroy", "atomiks.github.io/tippyjs/v6/methods/#destroy"),
    _made("@popperjs/core", "createPopper", "destroy", "popper.js.org/docs/v2/lifecycle/#destroy"),
    _made("flatpickr", "default", "destroy", "flatpickr.js.org/instance-methods-properties-elements/"),
    _made("cropperjs", "default", "destroy", "github.com/fengyuanchen/cropperjs/blob/v1/README.md#destroy"),
    _made("dropzone", "default", "destroy", "docs.dropzone.dev/"),
    _made("gridstack", "GridStack.init", "destroy", "gridstackjs.com/doc/html/classes/GridStack.html#destroy"),
    # Subscriptions.
    _told("firebase/auth", "onAuthStateChanged", "firebase.google.com/docs/reference/js/auth"),
    _told("firebase/auth", "onIdTokenChanged", "firebase.google.com/docs/reference/js/auth"),
    _told("firebase/firestore", "onSnapshot", "firebase.google.com/docs/firestore/query-data/listen"),
    _told("firebase/database", "onValue", "firebase.google.com/docs/database/web/read-and-write"),
    _told("firebase/messaging", "onMessage", "firebase.google.com/docs/reference/js/messaging_"),
    _told("mobx", "autorun", "mobx.js.org/reactions.html#always-dispose-of-reactions"),
    _told("mobx", "reaction", "mobx.js.org/reactions.html#always-dispose-of-reactions"),
    _told("mobx", "observe", "mobx.js.org/intercept-and-observe.html"),
    _told("valtio", "subscribe", "valtio.dev/docs/api/advanced/subscribe"),
    _told("valtio/utils", "subscribeKey", "valtio.dev/docs/api/utils/subscribeKey"),
    _told("jotai", "sub", "jotai.org/docs/core/store", "useStore"),
    _told("jotai", "sub", "jotai.org/docs/core/store", "getDefaultStore"),
    _told("react-router-dom", "listen", "v5.reactrouter.com/web/api/history", "useHistory"),
    _told("history", "listen", "github.com/remix-run/history/blob/main/docs/api-reference.md", "createBrowserHistory"),
    _told("rxjs", "subscribe", "rxjs.dev/api/index/function/fromEvent", "fromEvent", "unsubscribe"),
    _told("rxjs", "subscribe", "rxjs.dev/api/index/function/interval", "interval", "unsubscribe"),
    _told(_LEXICAL, "registerCommand", "lexical.dev/docs/concepts/commands", "useLexicalComposerContext"),
    _told(_LEXICAL, "registerUpdateListener", _LEXICAL_PAGE, "useLexicalComposerContext"),
    _told(_LEXICAL, "registerTextContentListener", _LEXICAL_PAGE, "useLexicalComposerContext"),
    _told(_LEXICAL, "registerMutationListener", _LEXICAL_PAGE, "useLexicalComposerContext"),
    _told(_LEXICAL, "registerEditableListener", _LEXICAL_PAGE, "useLexicalComposerContext"),
    _told(_LEXICAL, "registerNodeTransform", "lexical.dev/docs/concepts/transforms", "useLexicalComposerContext"),
    _told(
        "@tauri-apps/api/event", "listen", "v2.tauri.app/reference/javascript/api/namespaceevent/", release="unlisten"
    ),
    _told("react-hook-form", "watch", "react-hook-form.com/docs/useform/watch", "useFormContext", "unsubscribe"),
    _told("tinykeys", "tinykeys", "github.com/jamiebuilds/tinykeys"),
    _told("tinykeys", "default", "github.com/jamiebuilds/tinykeys"),
    _told("rrweb", "record", "github.com/rrweb-io/rrweb/blob/master/guide.md"),
)

RESOURCES = (*_BROWSER, *_ANY_OBJECT, *_PACKAGES)


def _words(kind: Kind) -> frozenset[str]:
    rows = [row for row in RESOURCES if row.kind is kind]
    last = (name for row in rows for name in re.findall(r"\w+", row.release)[-1:])
    return frozenset(last) | {name for row in rows for name in row.also}


# The functions that end something of each kind, by their names.
RELEASES = {kind: _words(kind) for kind in Kind}

# Words of which a file that acquires anything holds at least one.
ACQUIRING = (
    *dict.fromkeys(
        row.name for row in _BROWSER if row.kind not in (Kind.OBSERVER, Kind.GLOBAL) and row.of != "wakeLock"
    ),
    ".observe",
    ".subscribe",
    ".on",
    "wakeLock",
    "document.body",
    *sorted({row.module for row in _PACKAGES}),
)

NAMING = tuple(f"{quote}{start}" for quote in "\"'`" for start in ("./", "../", "@/", "~/", "src/"))
"""What a text begins with that names a file, as settings do that mount a component: `component: "./shelf/Panel"`."""
