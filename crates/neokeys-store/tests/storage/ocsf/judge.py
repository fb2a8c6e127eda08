"""Judges events, one JSON object a line on standard input, by OCSF's own schema of their class and version.

Prints a line for each fault. Members that the schema does not name are faults, and so are names and numbers of
one thing that do not go together.
"""

import json
import sys

from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

schemas = {}


def schema_of(event):
    version = event["metadata"]["version"]
    if version not in schemas:
        schemas[version] = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=version))
    name = schemas[version].lookup_class_name_from_uid(class_uid=event["class_uid"])
    return name, schemas[version].get_class_schema(class_name=name)


for number, line in enumerate(sys.stdin):
    event = json.loads(line)
    name, schema = schema_of(event)
    if name != "entity_management" or schema["additionalProperties"] is not False:
        print(f"{number}: judged as {name}, whose members anything may be")
    for fault in Draft202012Validator(schema).iter_errors(event):
        print(f"{number}: {fault.json_path}: {fault.message}")
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        print(f"{number}: type_uid is not of class and activity")
