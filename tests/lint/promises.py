#!/usr/bin/env python3
"""What the documents promise is there: commands, options, columns, counters, reasons and usages in their code spans are
asked of the programs, and what only comes later is said to. Run in the build directory, after make."""
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parents[2])).resolve()
LATER = re.compile(r"\blater\b|\bnot yet\b", re.IGNORECASE)
# Words that begin a command, also those that no command begins with today.
VERBS = set("show set get enable disable clear shutdown add del help explain undo save reload commit abort".split())
# Each of them must be found, or this check sees nothing.
LIES = [
    "`show map`", "`clear table web`", "`reload fast`", "see `show\nmap`", "`limits.bodies`", "`timeouts.idle`", "`lat_p42_us`",
    "`hrsp_*_x`", "`lenient_body = true`", "`backend.sticky`", "| limit | reason |\n|---|---|\n| x | `no_such_reason` |",
    "`lbd -Z`", "`lbd --list=secrets`", "`lbtop undrain B/S`", "```\nlbtop --all\n```"]


def ask(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def rows(what):
    return [line.split("\t") for line in ask("./lbd", f"--list={what}").splitlines() if line and line[0] != "#"]


class Program:
    """What there is, as the programs say it."""

    def __init__(self):
        self.commands = [re.split(r" *[<\[]| \S*\|", row[0])[0].split() for row in rows("commands")]
        self.options = {row[0]: row[6] for row in rows("options")}
        self.groups = {part for path in self.options for part in path.split(".")[:-1]}
        self.keys = {path.split(".")[-1] for path in self.options} | {"defaults"}
        self.reasons = {row[0] for row in rows("reasons")}
        self.columns = {m[0]: m[1:] for m in re.findall(
            r'^COLUMN\("([^"]+)", "[^"]*", "[^"]*", \w+, (\w+), (\w+), "(.*)"\)$',
            (TOP / "src/stats/columns.def").read_text(), re.MULTILINE)}
        self.values = set(self.columns) | {row[0] for row in rows("counters")}
        families = [name.split("_")[0] + "_" for name in self.columns if "_" in name]
        self.families = tuple(family for family in set(families) if families.count(family) >= 3)
        self.help = {name: ask(f"./{name}", "--help") for name in ("lbd", "lbtop")}

    def has_command(self, words):
        return any(words[:len(c)] == c or (len(words) < len(c) and c[:len(words)] == words) for c in self.commands)

    def option(self, path):
        """live, http or later; None: there is no such option. What is in a group that comes later does so, too."""
        for known in self.options:
            if known == path or known.endswith("." + path):
                above = [".".join(known.split(".")[:n]) for n in range(1, known.count(".") + 2)]
                return "later" if "later" in [self.options.get(p) for p in above] else self.options[known]
        named = any(f".{p}.".find(f".{path}.") >= 0 for p in self.options)
        return "live" if named else None


def usage_fault(program, words):
    text = program.help[words[0]]
    for word in words[1:]:
        flag = re.match(r"--[a-z][a-z-]*|-[A-Za-z](?=$)", word)
        if flag and not re.search(rf"(?<![\w-]){re.escape(flag[0])}(?![\w-])", text):
            return f"{words[0]} has no option {flag[0]}"
        what = re.match(r"--list=([a-z]+)$", word)
        if what and not re.search(rf"--list=WHAT.*\b{what[1]}\b", text):
            return f"lbd lists no {what[1]}"
    if words[0] == "lbtop" and len(words) > 1 and re.match(r"[a-z]+$", words[1]):
        if not re.search(rf"^ .*lbtop (\w+\|)*{words[1]}\b", text, re.MULTILINE):
            return f"lbtop has no command {words[1]}"
    return None


def fault(program, span):
    """What is wrong with a code span unless it comes later; None when nothing is, or when it promises nothing."""
    words = span.replace("\\|", "|").split()
    if not words or "HTTP/" in span:
        return None
    if words[0] in ("lbd", "lbtop"):
        return usage_fault(program, words)
    if words[0] in VERBS and len(words) > 1 and not program.has_command(words):
        return "the stats socket has no such command"
    assignment = re.match(r"([a-z_0-9.]+)(?: = [\"\[({0-9tf]|: {)", span)
    path = assignment[1] if assignment else span if re.fullmatch(r"[a-z_0-9]+(\.[a-z_0-9]+)+", span) else ""
    if "." in path and path.split(".")[0] in program.groups and path.rsplit(".")[-1] not in ("c", "h", "md", "def", "py"):
        effect = program.option(path)
        return "there is no such option" if not effect else "the option has no effect yet" if effect == "later" else None
    if assignment and "." not in path and path not in program.keys:
        return "there is no such option"
    if re.fullmatch(r"[a-z0-9_*]+", span) and span.startswith(program.families):
        pattern = re.compile(span.replace("*", "[a-z0-9_]*"))
        found = [name for name in program.values | program.keys | program.reasons if pattern.fullmatch(name)]
        if not found:
            return "there is no such column or counter"
        if all(name in program.columns and LATER.search(program.columns[name][2]) for name in found):
            return "the column has no values yet"
    return None


def blocks(text):
    """(line, text) of what is read together: a paragraph, an item, a row of a table. Fenced lines have a span each."""
    start, block, fenced = 1, [], False
    for number, line in enumerate(text.splitlines() + [""], 1):
        fence = line.lstrip().startswith("```")
        if block and (fenced or fence or not line.strip() or re.match(r"\s*([-*|#]|\d+\.) ?", line)):
            yield start, "\n".join(block)
            block = []
        if fence:
            fenced = not fenced
        elif line.strip():
            start = start if block else number
            block.append(re.sub(r"^\s*(?:\$ |\./|build/)?(lbd|lbtop)( [^#`]*).*", r"`\1\2`", line) if fenced else line)


def markdown_faults(program, text):
    header = ""
    for number, block in blocks(text):
        if not block.startswith("|"):
            header = ""
        elif not header:
            header = block
        if LATER.search(block):
            continue
        names, cells = ([cell.strip() for cell in row.split(" | ")] for row in (header.strip("| "), block.strip("| ")))
        theirs = len(cells[0]) + 4 if names[0] == "there" else 0  # words of HAProxy
        for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", block[theirs:]):
            why = fault(program, span)
            if why:
                yield number, f"`{span}`: {why}"
        if "reason" in names and len(cells) == len(names):
            for reason in re.findall(r"(?<!\()`([a-z_]+)`", cells[names.index("reason")]):  # (a detail)
                if reason not in program.reasons:
                    yield number, f"`{reason}`: there is no such reason"


def roff_faults(program, text, name):
    """Bold words of a manual page, as the code spans of the others. Options are those of the page's program."""
    lines = text.replace("\\-", "-").splitlines()
    for number, line in enumerate(lines, 1):
        bold = re.findall(r"\\fB(.+?)\\f[RP]", line)
        macro = re.match(r'\.BR? (?:"([^"]*)"|(\S+)(?: (.*))?)', line)
        if macro:
            rest = macro[3] if macro[3] and line.startswith(".B ") else ""
            bold.append(re.sub(r"\\f.", "", macro[1] or f"{macro[2]} {rest}".strip()))
        for span in bold:
            flags = span.startswith("-") and name in program.help
            why = usage_fault(program, [name, *span.split()]) if flags else fault(program, span)
            if why and not any(LATER.search(near) for near in lines[number - 1:number + 2]):
                yield number, f"{span}: {why}"


def source_faults(program):
    """A column that nobody gives a value says that it comes later."""
    source = "\n".join(path.read_text() for path in sorted((TOP / "src").glob("*/*.c")))
    for name, (kind, at, meaning) in program.columns.items():
        if kind in ("GAUGE", "TEXT") and not LATER.search(meaning):
            if not re.search(rf"(->|\.){at}(\s*[|+]?=[^=]|\+\+)|&\w+->{at}\b", source):
                yield f"src/stats/columns.def: {name} has no value; its help must say that it comes later"


def main():
    program = Program()
    problems = [f"this check does not see the lie {lie!r}" for lie in LIES if not list(markdown_faults(program, lie))]
    if not list(roff_faults(program, ".BR \"show map\" .", "lbtop")) or not list(roff_faults(program, ".B \\-Z", "lbd")):
        problems.append("this check does not see a lie in a manual page")
    documents = [TOP / "README.md", *sorted((TOP / "doc").glob("*.md"))]
    for path in documents:
        if not path.name.endswith(".intro.md"):  # which is a part of another one
            problems += [f"{path.relative_to(TOP)}:{line}: {why}" for line, why in markdown_faults(program, path.read_text())]
    for path in sorted(path for path in (TOP / "doc").iterdir() if re.search(r"\.[158]$", path.name)):
        problems += [f"{path.relative_to(TOP)}:{line}: {why}"
                     for line, why in roff_faults(program, path.read_text(), path.name.rsplit(".", 1)[0])]
    problems += source_faults(program)
    print("\n".join(problems) or "what the documents promise is there")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
