"""The addresses of one page of each kind, found by following links as a visitor would."""

import html
import re
import time
import urllib.error
import urllib.request

ALL_METHODS = "methods=grad-cam,integrated-gradients&integrated-gradients.steps=10"


def fetch(base, path):
    """Status, final address and text of a page."""
    request = urllib.request.Request(base + path, headers={"accept": "text/html"})
    try:
        with urllib.request.urlopen(request, timeout=150) as response:
            return response.status, response.url.removeprefix(base), response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, path, error.read().decode()


def answered(base, path):
    """The full address of a result, once it is there; `None` where it ends in an error."""
    while True:
        status, path, _ = fetch(base, path)
        if status == 200:
            return path
        if status not in (202, 503):
            print(f"left out: {path} answers {status}")
            return None
        time.sleep(1)


def first(pattern, text):
    found = re.search(pattern, text)
    return html.unescape(found[1]) if found else None


def find(base):
    """Names and addresses, without those that this server cannot answer."""
    samples, scenes, models = (fetch(base, path)[2] for path in ("/samples?observed=yes", "/scenes", "/models"))
    sample = first(r'href="(/samples/[^"/?]+)"', samples)
    scene = first(r'class="card">\s*<a href="([^"]+)"', scenes)
    ids = dict.fromkeys(re.findall(r'src="/scenes/([0-9a-f]+)/thumbnail', scenes))
    places = {
        "home": "/",
        "samples": "/samples",
        "sample": sample,
        "models": "/models",
        "model": first(r'href="(/models/[^"]+)"', models),
        "scenes": "/scenes",
        "about": "/about",
    }
    if sample:
        name = sample.rsplit("/", 1)[1]
        places["nowcast"] = answered(base, f"/v1/result?sample={name}&{ALL_METHODS}")
        places["nowcast, all layers"] = all_layers(base, places["nowcast"])
    if scene:
        places["scene result"] = answered(base, scene)
        places["scene, all layers"] = all_layers(base, places["scene result"])
    if ids:
        places["compare"] = answered(base, f"/scenes/compare?scenes={','.join(ids)}")
    return {name: path for name, path in places.items() if path}


def all_layers(base, path):
    """The same result with every layer shown, as its link says."""
    if path is None:
        return None
    page = fetch(base, path)[2]
    link = first(r'href="([^"]+)#layers">Show all', page)
    return link and answered(base, link)
