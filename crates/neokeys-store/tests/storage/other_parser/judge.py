"""Judges edits of security.yml by libyaml: standard input has a document with its edits a line, as
JSON; standard output gets one object with the differences found."""

import json
import re
import sys

import yaml

OURS = ("name", "enabled", "permissions", "hash")
MARK = re.compile(r"#(M\d+)")


def root_of(text):
    return yaml.compose(text, Loader=yaml.CSafeLoader)


def meaning(node):
    """What a node means, whatever its style and place."""
    if isinstance(node, yaml.ScalarNode):
        return (node.tag, node.value)
    if isinstance(node, yaml.SequenceNode):
        return (node.tag, [meaning(item) for item in node.value])
    return (node.tag, [(meaning(key), meaning(value)) for key, value in node.value])


def section_of(root):
    """The entries, and everything else."""
    if root is None:
        return [], []
    entries, others = [], []
    for key, value in root.value:
        if key.value == "apiKeys":
            entries = value.value if isinstance(value, yaml.SequenceNode) else []
        else:
            others.append((meaning(key), meaning(value)))
    return entries, others


def members_of(entry):
    """The members of an entry, its own before those that are merged."""
    members = {}
    for key, value in entry.value:
        if key.value != "<<":
            members.setdefault(key.value, value)
    for key, value in entry.value:
        if key.value == "<<":
            for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                for name, inherited in members_of(source).items():
                    members.setdefault(name, inherited)
    return members


def key_of(entry):
    members = members_of(entry)
    enabled, permissions = members.get("enabled"), members.get("permissions")
    return {
        "name": members["name"].value,
        "hash": members["hash"].value,
        "enabled": enabled is None or enabled.value.lower() == "true",
        "permissions": [item.value for item in permissions.value] if permissions else [],
    }


def others_of(entry):
    return [
        (meaning(key), meaning(value)) for key, value in entry.value if key.value not in OURS
    ]


def lines_that_may_lose_comments(lines, root, edit):
    """The lines whose comments may go with an edit, from the first to before the last one."""
    entries, _ = section_of(root)
    name = edit.get("delete") or edit.get("update")
    for index, entry in enumerate(entries):
        if key_of(entry)["name"] != name:
            continue
        if "update" in edit:
            for key, value in entry.value:
                if key.value == "permissions":
                    return key.start_mark.line, value.end_mark.line + 1
            return 0, 0
        # From the dash, or the line that it shares, up to the next entry: comments behind an entry
        # are its own.
        first = entry.start_mark.line
        while first > 0 and lines[first].lstrip(" \ufeff")[:1] not in ("-", "?", "[", "a", "{", "!", '"', "'"):
            first -= 1
        if index + 1 < len(entries):
            return first, entries[index + 1].start_mark.line + 1
        last = entry.end_mark.line + 1
        while last < len(lines) and lines[last].lstrip()[:1] in ("", "#"):
            last += 1
        return first, last
    return 0, 0


def fault_of(before, after, edit):
    root_before, root_after = root_of(before), root_of(after)
    entries_before, others_before = section_of(root_before)
    entries_after, others_after = section_of(root_after)
    if others_before != others_after:
        return "another section changed"
    name = edit.get("delete") or edit.get("update")
    expected = [entry for entry in entries_before if key_of(entry)["name"] != edit.get("delete")]
    found = list(entries_after)
    if "create" in edit:
        if not found:
            return "the new entry is not there"
        new = found.pop()
        key = key_of(new)
        if (
            key["name"] != edit["create"]
            or not key["enabled"]
            or key["permissions"] != edit["permissions"]
            or others_of(new)
        ):
            return "the new entry is not what was meant"
    if len(expected) != len(found):
        return "there are %d entries and not %d" % (len(found), len(expected))
    for was, now in zip(expected, found):
        if "update" in edit and key_of(was)["name"] == name:
            wanted = dict(key_of(was), enabled=edit["enabled"], permissions=edit["permissions"])
            if key_of(now) != wanted:
                return "the entry is %r" % key_of(now)
            if others_of(now) != others_of(was):
                return "another member of the entry changed"
        elif meaning(was) != meaning(now):
            return "another entry changed"
    marks_after = set(MARK.findall(after))
    lines = before.replace("\r\n", "\n").split("\n")
    first, last = lines_that_may_lose_comments(lines, root_before, edit)
    for number, line in enumerate(lines):
        if first <= number < last:
            continue
        lost = [mark for mark in MARK.findall(line) if mark not in marks_after]
        if lost:
            return "a comment is lost: %s in line %d" % (lost, number + 1)
    if before and not before.endswith("\n") and after.endswith("\n") and "|" not in after and ">" not in after:
        return "a last line ending came"
    return None


def main():
    faults, edits, refused = [], 0, 0
    for line in sys.stdin:
        case = json.loads(line)
        before = case["before"]
        for step in case["steps"]:
            edits += 1
            after = step["after"]
            if after is None:
                refused += 1
                faults.append({"fault": "refused: %s" % step["edit"], "before": before, "after": ""})
                continue
            try:
                fault = fault_of(before, after, step["edit"])
            except (yaml.YAMLError, KeyError) as error:
                fault = "not read: %s" % error
            if fault:
                told = "%s: %s" % (step["edit"], fault)
                faults.append({"fault": told, "before": before, "after": after})
            before = after
    json.dump({"edits": edits, "refused": refused, "faults": faults}, sys.stdout)


main()
