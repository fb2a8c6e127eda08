"""Judges edits of security.yml by libyaml: standard input has a document with its edits a line, as
JSON; standard output gets one object with the differences found."""

import json
import re
import sys
from functools import cached_property

import yaml

OURS = ("name", "enabled", "permissions", "hash")
DETAILS = ("limits", "previousHashes", "rotatedAt", "description", "labels")
MARK = re.compile(r"#(M\d+)")
OF_LIFE = ("rotate", "end_overlap", "amend")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


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


def plain(node):
    """A node as texts, lists and mappings, whatever its tags."""
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    return {key.value: plain(value) for key, value in node.value}


def details_of(entry):
    members = members_of(entry)
    details = {name: plain(members[name]) for name in DETAILS if name in members}
    # What says nothing is as good as not there.
    return {name: value for name, value in details.items() if value not in ([], {}, "", "null")}


def key_and_details_after(was, edit, now):
    """What an entry is to say after an edit of its life. The time of a rotation is taken from `now`."""
    key = dict(was.key)
    details = {name: value.copy() if hasattr(value, "copy") else value for name, value in was.details.items()}
    if "end_overlap" in edit:
        details.pop("previousHashes", None)
    elif "rotate" in edit:
        if edit["overlap"] > 0:
            older = {"hash": key["hash"].lower(), "expiresAt": now["previousHashes"][-1]["expiresAt"]}
            if not TIME.fullmatch(older["expiresAt"]):
                raise KeyError("expiresAt")
            details["previousHashes"] = details.get("previousHashes", []) + [older]
        key["hash"] = edit["hash"]
        details["rotatedAt"] = now["rotatedAt"]
    else:
        patch = edit["patch"]
        holders = {"expiresAt": "limits", "allowedIps": "limits"}
        for name, value in patch.items():
            if name in holders:
                holder = details.setdefault(holders[name], {})
                holder.pop(name, None)
                if value is not None:
                    holder[name] = value
            elif value is None:
                details.pop(name, None)
            elif name == "labels":
                labels = details.setdefault("labels", {})
                for label, text in value.items():
                    labels.pop(label, None)
                    if text is not None:
                        labels[label] = text
            else:
                details[name] = value
    return key, {name: value for name, value in details.items() if value not in ([], {})}


def others_of(entry):
    return [
        (meaning(key), meaning(value)) for key, value in entry.value if key.value not in OURS + DETAILS
    ]


class Entry:
    """An entry, and what is read of it when it is asked for: most are looked at in several edits."""

    def __init__(self, node):
        self.node = node

    @cached_property
    def key(self):
        return key_of(self.node)

    @cached_property
    def name(self):
        return self.key["name"]

    @cached_property
    def details(self):
        return details_of(self.node)

    @cached_property
    def others(self):
        return others_of(self.node)

    @cached_property
    def meaning(self):
        return meaning(self.node)


class Document:
    """A document, which is read once: after one edit, it is the document before the next."""

    def __init__(self, text):
        self.text = text
        nodes, self.others = section_of(yaml.compose(text, Loader=yaml.CSafeLoader))
        self.entries = [Entry(node) for node in nodes]


def name_in(edit):
    return next((edit[kind] for kind in ("delete", "update", *OF_LIFE) if kind in edit), None)


def is_of_life(edit):
    return any(kind in edit for kind in OF_LIFE)


def lines_of_details(entry, edit):
    """The lines of what an edit of a key's life takes away, or of a text in a block of its own."""
    lines = []

    def add(key, value):
        lines.extend((key.start_mark.line, max(key.end_mark.line, value.end_mark.line) + 1))

    patch = edit.get("patch", {})
    for key, value in entry.value:
        goes = key.value == "previousHashes" and "end_overlap" in edit
        goes = goes or key.value == "hash" and "rotate" in edit and getattr(value, "style", None) in ("|", ">")
        goes = goes or key.value in patch and (patch[key.value] is None or getattr(value, "style", None) in ("|", ">"))
        if goes:
            add(key, value)
        elif key.value in ("limits", "labels") and isinstance(value, yaml.MappingNode):
            changes = patch if key.value == "limits" else patch.get("labels") or {}
            names = [name.value for name, _ in value.value]
            if all(changes.get(name, "") is None for name in names):
                add(key, value)
            for name, part in value.value:
                if name.value in changes and (changes[name.value] is None or name.value == "allowedIps"):
                    add(name, part)
    return (min(lines), max(lines)) if lines else (0, 0)


def lines_that_may_lose_comments(lines, entries, edit):
    """The lines whose comments may go with an edit, from the first to before the last one."""
    name = name_in(edit)
    for index, entry in enumerate(entries):
        if entry.name != name:
            continue
        entry = entry.node
        if is_of_life(edit):
            return lines_of_details(entry, edit)
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
            return first, entries[index + 1].node.start_mark.line + 1
        last = entry.end_mark.line + 1
        while last < len(lines) and lines[last].lstrip()[:1] in ("", "#"):
            last += 1
        return first, last
    return 0, 0


def fault_of(before, after, edit):
    if before.others != after.others:
        return "another section changed"
    name = name_in(edit)
    expected = [entry for entry in before.entries if entry.name != edit.get("delete")]
    found = list(after.entries)
    if "create" in edit:
        if not found:
            return "the new entry is not there"
        new = found.pop()
        if (
            new.key["name"] != edit["create"]
            or not new.key["enabled"]
            or new.key["permissions"] != edit["permissions"]
            or new.others
            or new.details
        ):
            return "the new entry is not what was meant"
    if len(expected) != len(found):
        return "there are %d entries and not %d" % (len(found), len(expected))
    for was, now in zip(expected, found):
        if "update" in edit and was.name == name:
            wanted = dict(was.key, enabled=edit["enabled"], permissions=edit["permissions"])
            if now.key != wanted:
                return "the entry is %r" % now.key
            if now.others != was.others or now.details != was.details:
                return "another member of the entry changed"
        elif is_of_life(edit) and was.name == name:
            found = now.key, now.details
            if found != key_and_details_after(was, edit, now.details):
                return "the entry is %r, %r" % found
            if now.others != was.others:
                return "another member of the entry changed"
        elif was.meaning != now.meaning:
            return "another entry changed"
    marks_after = set(MARK.findall(after.text))
    lines = before.text.replace("\r\n", "\n").split("\n")
    first, last = lines_that_may_lose_comments(lines, before.entries, edit)
    for number, line in enumerate(lines):
        if first <= number < last:
            continue
        lost = [mark for mark in MARK.findall(line) if mark not in marks_after]
        if lost:
            return "a comment is lost: %s in line %d" % (lost, number + 1)
    before, after = before.text, after.text
    if before and not before.endswith("\n") and after.endswith("\n") and "|" not in after and ">" not in after:
        return "a last line ending came"
    return None


def main():
    faults, edits, refused = [], 0, 0
    for line in sys.stdin:
        case = json.loads(line)
        before, document = case["before"], None
        for step in case["steps"]:
            edits += 1
            after = step["after"]
            if after is None:
                refused += 1
                faults.append({"fault": "refused: %s" % step["edit"], "before": before, "after": ""})
                continue
            changed = None
            try:
                document = document or Document(before)
                changed = Document(after)
                fault = fault_of(document, changed, step["edit"])
            except (yaml.YAMLError, KeyError) as error:
                fault = "not read: %s" % error
            if fault:
                told = "%s: %s" % (step["edit"], fault)
                faults.append({"fault": told, "before": before, "after": after})
            before, document = after, changed
    json.dump({"edits": edits, "refused": refused, "faults": faults}, sys.stdout)


main()
