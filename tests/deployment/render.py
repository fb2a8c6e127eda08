"""Renders a chart with values, both named in JSON on standard input, and says in JSON what Helm makes of it."""

import json
import sys

import helm_python
import yaml

asked = json.load(sys.stdin)
path, values = asked["chart"], asked["values"]
report = helm_python.lint(path, values, strict=True)
# Without an icon, a chart is as good.
findings = [it["error"] for it in report["messages"] if it["error"] != "icon is recommended"]
try:
    with helm_python.Chart.load(path) as chart:
        chart.validate_schema(values)
        texts = chart.render(values, name=asked["release"], namespace="keys")
except helm_python.HelmError as error:
    json.dump({"refusal": error.detail, "findings": findings}, sys.stdout)
else:
    manifests = (text for name, text in texts.items() if name.endswith(".yaml"))
    documents = [it for text in manifests for it in yaml.safe_load_all(text) if it]
    notes = next(text for name, text in texts.items() if name.endswith("NOTES.txt"))
    json.dump({"documents": documents, "notes": notes, "findings": findings}, sys.stdout)
