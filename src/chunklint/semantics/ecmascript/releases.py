"""What can be acquired, and what gives it back: one row a resource, with the page that says so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class Resource:
    """A function or class that acquires, and the function that releases.

    Attributes:
        name: What is called or constructed: a global's name, or the export of the module ("default" for that one).
        release: The name of what releases; "" when calling the result does.
        source: The page of the documentation that says so.
        module: The package it is imported from; "" for what browsers offer.
    """

    name: str
    kind: Kind
    release: str
    source: str
    module: str = ""


_MDN = "https://developer.mozilla.org/docs/Web/API/"
_FIREBASE = "https://firebase.google.com/docs/reference/js/"

RESOURCES = (
    Resource("addEventListener", Kind.LISTENER, "removeEventListener", _MDN + "EventTarget/removeEventListener"),
    Resource("setInterval", Kind.INTERVAL, "clearInterval", _MDN + "Window/clearInterval"),
    Resource("setTimeout", Kind.TIMEOUT, "clearTimeout", _MDN + "Window/clearTimeout"),
    Resource("requestAnimationFrame", Kind.LOOP, "cancelAnimationFrame", _MDN + "Window/cancelAnimationFrame"),
    Resource("createObjectURL", Kind.OBJECT_URL, "URL.revokeObjectURL", _MDN + "URL/revokeObjectURL_static"),
    Resource("watchPosition", Kind.WATCH, "clearWatch", _MDN + "Geolocation/clearWatch"),
    Resource("getUserMedia", Kind.STREAM, "getTracks().forEach(t => t.stop())", _MDN + "MediaStreamTrack/stop"),
    Resource("getDisplayMedia", Kind.STREAM, "getTracks().forEach(t => t.stop())", _MDN + "MediaStreamTrack/stop"),
    Resource("WebSocket", Kind.CONNECTION, "close", _MDN + "WebSocket/close"),
    Resource("EventSource", Kind.CONNECTION, "close", _MDN + "EventSource/close"),
    Resource("BroadcastChannel", Kind.CONNECTION, "close", _MDN + "BroadcastChannel/close"),
    Resource("Worker", Kind.CONNECTION, "terminate", _MDN + "Worker/terminate"),
    Resource("SharedWorker", Kind.CONNECTION, "port.close", _MDN + "MessagePort/close"),
    Resource("RTCPeerConnection", Kind.CONNECTION, "close", _MDN + "RTCPeerConnection/close"),
    Resource("IntersectionObserver", Kind.OBSERVER, "disconnect", _MDN + "IntersectionObserver/disconnect"),
    Resource("ResizeObserver", Kind.OBSERVER, "disconnect", _MDN + "ResizeObserver/disconnect"),
    Resource("MutationObserver", Kind.OBSERVER, "disconnect", _MDN + "MutationObserver/disconnect"),
    Resource("PerformanceObserver", Kind.OBSERVER, "disconnect", _MDN + "PerformanceObserver/disconnect"),
    Resource("ReportingObserver", Kind.OBSERVER, "disconnect", _MDN + "ReportingObserver/disconnect"),
    Resource("io", Kind.INSTANCE, "disconnect", "https://socket.io/docs/v4/client-api/", "socket.io-client"),
    Resource("default", Kind.INSTANCE, "disconnect", "https://socket.io/docs/v4/client-api/", "socket.io-client"),
    Resource("connect", Kind.INSTANCE, "disconnect", "https://socket.io/docs/v4/client-api/", "socket.io-client"),
    Resource(
        "default",
        Kind.INSTANCE,
        "close",
        "https://github.com/pladaria/reconnecting-websocket#methods",
        "reconnecting-websocket",
    ),
    Resource("default", Kind.INSTANCE, "disconnect", "https://pusher.com/docs/channels/using_channels/", "pusher-js"),
    Resource("connect", Kind.INSTANCE, "end", "https://github.com/mqttjs/MQTT.js#end", "mqtt"),
    Resource("Client", Kind.INSTANCE, "deactivate", "https://stomp-js.github.io/api-docs/", "@stomp/stompjs"),
    Resource("Socket", Kind.INSTANCE, "disconnect", "https://hexdocs.pm/phoenix/js/", "phoenix"),
    Resource(
        "default", Kind.INSTANCE, "destroy", "https://github.com/video-dev/hls.js/blob/master/docs/API.md", "hls.js"
    ),
    Resource("Chart", Kind.INSTANCE, "destroy", "https://www.chartjs.org/docs/latest/developers/api.html", "chart.js"),
    Resource(
        "default", Kind.INSTANCE, "destroy", "https://www.chartjs.org/docs/latest/developers/api.html", "chart.js/auto"
    ),
    Resource("init", Kind.INSTANCE, "dispose", "https://echarts.apache.org/en/api.html#echartsInstance", "echarts"),
    Resource("Map", Kind.INSTANCE, "remove", "https://docs.mapbox.com/mapbox-gl-js/api/map/", "mapbox-gl"),
    Resource(
        "Map", Kind.INSTANCE, "remove", "https://maplibre.org/maplibre-gl-js/docs/API/classes/Map/", "maplibre-gl"
    ),
    Resource(
        "Terminal", Kind.INSTANCE, "dispose", "https://xtermjs.org/docs/api/terminal/classes/terminal/", "@xterm/xterm"
    ),
    Resource("Terminal", Kind.INSTANCE, "dispose", "https://xtermjs.org/docs/api/terminal/classes/terminal/", "xterm"),
    Resource("create", Kind.INSTANCE, "destroy", "https://wavesurfer.xyz/docs/methods", "wavesurfer.js"),
    Resource("onAuthStateChanged", Kind.SUBSCRIPTION, "", _FIREBASE + "auth", "firebase/auth"),
    Resource("onIdTokenChanged", Kind.SUBSCRIPTION, "", _FIREBASE + "auth", "firebase/auth"),
    Resource("onSnapshot", Kind.SUBSCRIPTION, "", _FIREBASE + "firestore_", "firebase/firestore"),
    Resource("onValue", Kind.SUBSCRIPTION, "", _FIREBASE + "database", "firebase/database"),
)

# Words of which a file that acquires anything holds at least one.
ACQUIRING = (
    *(resource.name for resource in RESOURCES if not resource.module and resource.kind is not Kind.OBSERVER),
    "addListener",
    ".observe",
    ".subscribe",
    ".on",
    "document.body",
    *sorted({resource.module for resource in RESOURCES if resource.module}),
)
