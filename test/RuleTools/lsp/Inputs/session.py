# SPDX-License-Identifier: Apache-2.0
"""A session with the language server: opens a file, asks, changes it, and sends what is no message.
Prints what the test looks for."""
import json
import pathlib
import subprocess
import sys

folder = pathlib.Path(sys.argv[1])
(folder / "sets.pat").write_text("pat 1;\nruleset mine;\n/// Half of it.\nfrag half(t) = mul(t, 0.5);\n")
TEXT = """pat 1;
import "sets.pat";
/// Ümlauts 𝄞 count in UTF-16.
rule r : mine, class real {
  match { y = half(relu(x)); z = softmax(y, dim = d); }
  where shape(x) == shape(y);
  rewrite { z = softmax(relu(half2(x)), dim = d); }
}
fn half2(t: value) -> value = t;
"""
GOOD = TEXT.replace("relu(half2(x))", "mul(relu(x), 0.5)")
path = folder / "a b.pat"
uri = "file://" + str(path).replace(" ", "%20")
server = subprocess.Popen(["wnnx-pat", "lsp", "--stdio"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE)
ids = iter(range(1, 1000))


def write(message):
    data = message if isinstance(message, bytes) else json.dumps(message).encode()
    server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
    server.stdin.flush()


def receive():
    length = None
    while (line := server.stdout.readline().strip()):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return json.loads(server.stdout.read(length))


def ask(method, **params):
    write({"jsonrpc": "2.0", "id": next(ids), "method": method, "params": params})
    return receive()


def tell(method, **params):
    write({"jsonrpc": "2.0", "method": method, "params": params})


def at(text, what, plus=0, doc=None):
    where = (doc or GOOD).index(what) + plus
    before = (doc or GOOD)[:where]
    line = before.count("\n")
    column = len(before.rsplit("\n", 1)[-1].encode("utf-16-le")) // 2
    return dict(textDocument={"uri": uri}, position={"line": line, "character": column})


caps = ask("initialize", processId=None, capabilities={})["result"]["capabilities"]
print("capabilities", sorted(caps))
tell("initialized")
tell("textDocument/didOpen", textDocument={"uri": uri, "languageId": "pat", "version": 1,
                                           "text": TEXT.replace("relu(x)", "rleu(x)")})
for d in receive()["params"]["diagnostics"]:
    print("diagnostic", d["range"]["start"], d["severity"], d["code"], d["message"].split("\n")[0])
tell("textDocument/didChange", textDocument={"uri": uri, "version": 2},
     contentChanges=[{"text": GOOD}])
print("after the change", receive()["params"]["diagnostics"])
hover = lambda p: (ask("textDocument/hover", **p)["result"] or {}).get("contents", {}).get("value")
print("hover op:", hover(at(GOOD, "softmax(y", 2)).split("\n")[1])
print("hover fragment:", hover(at(GOOD, "half(relu", 1)).replace("\n", " "))
print("hover value:", hover(at(GOOD, "relu(x)", 5)))
print("hover attribute:", hover(at(GOOD, "dim = d", 1)))
print("hover builtin:", hover(at(GOOD, "shape(x)", 1)).split("\n")[1])
print("hover keyword:", hover(at(GOOD, "where", 1)))
print("hover nothing:", hover(at(GOOD, "= softmax")))
labels = lambda p: [c["label"] for c in ask("textDocument/completion", **p)["result"]["items"]]
items = labels(at(GOOD, ", dim = d", 2))
print("complete attribute:", "dim" in items, items[0])
items = labels(at(GOOD, "half(relu"))
print("complete op:", {"conv2d", "half", "half2", "x"} <= set(items))
print("complete file:", labels(at(GOOD, "/// "))[:3])
definition = lambda p: ask("textDocument/definition", **p)["result"]
d = definition(at(GOOD, "half(relu", 1))
print("definition of a fragment:", d["uri"].rsplit("/", 1)[-1], d["range"]["start"])
d = definition(at(GOOD, "softmax(y", 8))
print("definition of a value:", d["range"]["start"])
d = definition(at(GOOD, "sets.pat", 1))
print("definition of an import:", d["uri"].rsplit("/", 1)[-1])
symbols = ask("textDocument/documentSymbol", textDocument={"uri": uri})["result"]
print("symbols", [(s["name"], s["detail"]) for s in symbols])

# Uses of names: of the rule, of a fragment in another file, and of one that files beside it use.
other = folder / "other.pat"
other.write_text('pat 1;\nimport "sets.pat";\nrule o : mine, class real {\n'
                 '  match { y = half(neg(x)); z = conv2d(y, w, groups, padding = p); }\n'
                 '  where all([p[k] == 0 for k in 0..2]);\n'
                 '  rewrite { z = conv2d(mul(neg(x), 0.5), w, groups = groups, padding = p); }\n}\n')
(folder / "stranger.pat").write_text("pat 1;\nfrag half(t) = mul(t, 0.25);\n")


def places(locations):
    return [(l["uri"].rsplit("/", 1)[-1], l["range"]["start"]["line"]) for l in locations]


references = lambda p, declared=True: places(
    ask("textDocument/references", context={"includeDeclaration": declared}, **p)["result"])
print("references of a local", references(at(GOOD, "relu(x)", 5)))
print("references of a fragment", references(at(GOOD, "half(relu")))
print("without the declaration", references(at(GOOD, "half(relu"), False))
print("references of nothing", references(at(GOOD, "= softmax")))


def rename(p, name):
    answer = ask("textDocument/rename", newName=name, **p)
    if "error" in answer:
        return answer["error"]["message"]
    edits = answer["result"]["changes"]
    return sorted((u.rsplit("/", 1)[-1], len(e), e[0]["newText"]) for u, e in edits.items())


print("rename a local", rename(at(GOOD, "relu(x)", 5), "input"))
print("rename a fragment", rename(at(GOOD, "half(relu"), "twice_less"))
print("rename a rule set", rename(at(GOOD, "mine"), "ours"))
print("rename an op", rename(at(GOOD, "softmax(y"), "hardmax"))
print("rename to what is there", rename(at(GOOD, "relu(x)", 5), "y"))
print("rename to no name", rename(at(GOOD, "relu(x)", 5), "2x"))
print("rename to an op", rename(at(GOOD, "half(relu"), "relu"))
ready = ask("textDocument/prepareRename", **at(GOOD, "half(relu", 2))["result"]
print("ready to rename", ready["placeholder"], ready["range"]["start"], ready["range"]["end"])
print("nothing to rename", ask("textDocument/prepareRename", **at(GOOD, "= softmax"))["result"])
there = other.read_text()
uri2 = "file://" + str(other).replace(" ", "%20")
tell("textDocument/didOpen", textDocument={"uri": uri2, "languageId": "pat", "version": 1,
                                           "text": there})
print("other file", receive()["params"]["diagnostics"])
p = at(there, "groups,", doc=there)
p["textDocument"] = {"uri": uri2}
edits = ask("textDocument/rename", newName="g", **p)["result"]["changes"][uri2]
print("a captured attribute", [e["newText"] for e in edits])
p = at(there, "k] ==", doc=there)
p["textDocument"] = {"uri": uri2}
print("in a comprehension", len(ask("textDocument/rename", newName="i", **p)["result"]["changes"][uri2]))

# Kinds of tokens: five numbers each, relative to the one before.
legend = ask("initialize")["result"]["capabilities"]["semanticTokensProvider"]["legend"]
data = ask("textDocument/semanticTokens/full", textDocument={"uri": uri})["result"]["data"]
line = column = 0
kinds = []
for delta, start, length, kind, flags in zip(*[iter(data)] * 5):
    line, column = line + delta, start if delta else column + start
    raw = GOOD.split("\n")[line].encode("utf-16-le")[2 * column:2 * (column + length)]
    kinds.append((raw.decode("utf-16-le"), legend["tokenTypes"][kind], flags))
print("tokens", kinds[:14])
print("more tokens", kinds[-4:])

# Fixes.
spoiled = GOOD.replace("shape(x) == shape(y);", "shape(x) == shape(y) and rank(x) > 0;").replace(
    "softmax(y, dim = d)", "softmax(y)").replace("relu(x));", "relu(x))", 1)
tell("textDocument/didChange", textDocument={"uri": uri, "version": 7},
     contentChanges=[{"text": spoiled}])
receive()
whole = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
actions = ask("textDocument/codeAction", textDocument={"uri": uri}, range=whole,
              context={"diagnostics": []})["result"]
print("fixes", [a["title"] for a in actions])
first = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
print("none here", ask("textDocument/codeAction", textDocument={"uri": uri}, range=first,
                       context={"diagnostics": []})["result"])

messy = GOOD.replace("match {", "match   {")
tell("textDocument/didChange", textDocument={"uri": uri, "version": 3},
     contentChanges=[{"text": messy}])
receive()
edits = ask("textDocument/formatting", textDocument={"uri": uri},
            options={"tabSize": 2, "insertSpaces": True})["result"]
print("formatted", len(edits), edits[0]["newText"] == GOOD)

# What is no request, or asks for what is not there.
print("unknown", ask("textDocument/frobnicate", textDocument={"uri": uri})["error"]["code"])
print("not open", ask("textDocument/hover", textDocument={"uri": "file:///no"},
                      position={"line": 0, "character": 0})["error"]["code"])
p = at(GOOD, "half(relu")
p["position"] = {"line": 10**9, "character": -5}
print("far away", ask("textDocument/hover", **p).get("result"))
p["position"] = "here"
print("no position", "result" in ask("textDocument/hover", **p))
write(b"{nonsense")
print("no JSON", receive()["error"]["code"])
write(b"[1, 2]")
write({"jsonrpc": "2.0", "id": 7})
print("no method", receive()["error"]["code"])
tell("textDocument/didChange", textDocument={"uri": uri}, contentChanges=[{"text": "\x00{((([" * 999}])
print("hostile text", len(receive()["params"]["diagnostics"]) > 0)
tell("textDocument/didClose", textDocument={"uri": uri})
print("closed", receive()["params"]["diagnostics"])
print("shutdown", ask("shutdown")["result"])
tell("exit")
print("exit", server.wait(10))

# Lost framing ends the session, without a crash.
for data in (b"Content-Length: 99999999999999\r\n\r\n", b"x" * 10000, b"Content-Length: x\r\n\r\n{}",
             b"Content-Length: 50\r\n\r\n{}", b"\r\n\r\n"):
    run = subprocess.run(["wnnx-pat", "lsp"], input=data, capture_output=True)
    print("framing", run.returncode)
