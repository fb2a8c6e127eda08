//! Documents with comments, blank lines, tags, anchors, aliases and block texts wherever YAML allows
//! them, out of random numbers. Comments say `#M` and a number, so that they can be told apart.

mod details;

use std::fmt::Write as _;

const HASH: &str = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d154";

/// A document under construction.
pub struct Writer<'r> {
    /// A number below a bound.
    random: &'r mut dyn FnMut(usize) -> usize,
    marks: usize,
    /// Whether there are values of other sections to refer to.
    has_base: bool,
}

impl<'r> Writer<'r> {
    pub fn new(random: &'r mut dyn FnMut(usize) -> usize) -> Self {
        Self { random, marks: 0, has_base: false }
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.random)(bound)
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }

    fn mark(&mut self) -> String {
        self.marks += 1;
        format!("M{}", self.marks)
    }

    /// A comment at the end of a line, or nothing.
    fn comment(&mut self) -> String {
        if self.once_in(6) { format!(" #{}", self.mark()) } else { String::new() }
    }

    /// Blank lines and comments on lines of their own, indented at most so far.
    fn between(&mut self, deepest: usize) -> String {
        let mut text = String::new();
        while self.once_in(5) {
            if self.once_in(2) {
                text.push_str(["\n", "\n", "  \n"][self.below(3)]);
            } else {
                let indent = self.below(deepest + 1);
                let _ = writeln!(text, "{}#{}", " ".repeat(indent), self.mark());
            }
        }
        text
    }

    /// A whole document, with how many entries its section has.
    pub fn document(&mut self) -> (String, usize) {
        let mut text = String::new();
        if self.once_in(8) {
            let _ = write!(text, "%TAG !y! tag:yaml.org,2002:\n--- #{}\n", self.mark());
        }
        text.push_str(&self.between(0));
        if self.once_in(3) {
            self.has_base = true;
            text.push_str("base: &base {enabled: true, permissions: &std [a, b]}\n");
        }
        for number in 0..self.below(3) {
            text.push_str(&self.section("before", number));
        }
        let count = self.below(5);
        text.push_str(&self.keys(count));
        for number in 0..self.below(3) {
            text.push_str(&self.between(0));
            text.push_str(&self.section("after", number));
        }
        if self.once_in(10) {
            let _ = writeln!(text, "... #{}", self.mark());
        }
        if self.once_in(5) {
            text.truncate(text.trim_end_matches('\n').len());
        }
        if self.once_in(8) {
            text = text.replace('\n', "\r\n");
        }
        if self.once_in(12) {
            text.insert(0, '\u{feff}');
        }
        (text, count)
    }

    fn section(&mut self, place: &str, number: usize) -> String {
        let mark = self.mark();
        let comment = self.comment();
        match self.below(8) {
            0 => format!("{place}{number}: !mine {mark}{comment}\n"),
            1 => format!("{place}{number}: |\n  {mark}\n\n   more\n"),
            2 => format!("{place}{number}: |+{comment}\n  {mark}\n\n"),
            3 => format!("{place}{number}: >-\n  {mark}\n  #no comment\n"),
            4 => format!("{place}{number}: [\n  {mark}, #{mark}\n]\n"),
            5 => format!("? {place}{number}\n: - {mark}{comment}\n  - x\n"),
            6 => format!(
                "{place}{number}: {{\n    a: &x{place}{number} [{mark}], b: *x{place}{number} }}\n"
            ),
            _ => format!("{place}{number}:{comment}\n- {mark}\n- \"#no\\n comment\"\n"),
        }
    }

    fn keys(&mut self, count: usize) -> String {
        let key = self.pick(&[
            "apiKeys",
            "apiKeys",
            "apiKeys",
            "\"apiKeys\"",
            "'apiKeys'",
            "!!str apiKeys",
        ]);
        let comment = self.comment();
        if count == 0 {
            let value = self.pick(&["", " ~", " null", " !!null \"\"", " []", " [ ]", " !!seq []"]);
            return format!("{key}:{value}{comment}\n");
        }
        let tag = self.pick(&["", "", "", "", " !!seq", " &keys"]);
        match self.below(6) {
            0 => {
                let entries: Vec<_> = (0..count).map(|number| self.flow_entry(number, 4)).collect();
                let separator = self.pick(&[", ", ",", " , "]);
                format!("{key}:{tag} [{}]{comment}\n", entries.join(separator))
            }
            1 => self.flow_lines(&format!("{key}:{tag}"), count),
            2 if tag.is_empty() && self.once_in(3) => {
                let list = self.block_list(count, 2);
                format!("? {key}\n:{comment}\n{list}")
            }
            _ => {
                let column = [0, 1, 2, 4][self.below(4)];
                let list = self.block_list(count, column);
                format!("{key}:{tag}{comment}\n{}{list}", self.between(column))
            }
        }
    }

    fn flow_lines(&mut self, head: &str, count: usize) -> String {
        let mut text = format!("{head} [{}", self.comment());
        if text.contains('#') || self.once_in(2) {
            text.push_str("\n  ");
        }
        for number in 0..count {
            text.push_str(&self.flow_entry(number, 4));
            let gap = self.comment();
            if !gap.is_empty() {
                let _ = write!(text, "{gap}\n  ");
            }
            if number + 1 < count || self.once_in(2) {
                text.push(',');
            }
            let behind = self.comment();
            if !behind.is_empty() || self.once_in(2) {
                let _ = write!(text, "{behind}\n{}  ", self.between(4));
            } else {
                text.push(' ');
            }
        }
        format!("{text}]{}\n", self.comment())
    }

    fn flow_entry(&mut self, number: usize, indent: usize) -> String {
        let mut members =
            vec![format!("name: {}", self.name(number)), format!("hash: {}", self.hash(number))];
        if self.once_in(2) {
            members.push(format!("enabled: {}", self.flag()));
        }
        if self.once_in(2) {
            let list = self.permissions().join(", ");
            members.push(format!("permissions: [{list}]"));
        }
        members.extend(self.flow_details(number));
        if self.once_in(5) {
            let mark = self.mark();
            members.push(format!("note: [{mark}, '#no']"));
        }
        self.shuffle(&mut members);
        let separator = if self.once_in(4) {
            format!(",{}\n{}", self.comment(), " ".repeat(indent))
        } else {
            ", ".to_owned()
        };
        let properties = self.properties(number);
        format!("{properties}{{{}}}", members.join(&separator))
    }

    fn block_list(&mut self, count: usize, column: usize) -> String {
        let mut text = String::new();
        for number in 0..count {
            let indent = " ".repeat(column);
            if self.once_in(6) {
                let _ = writeln!(
                    text,
                    "{indent}- {}{}",
                    self.flow_entry(number, column + 4),
                    self.comment()
                );
                text.push_str(&self.between(column + 6));
                continue;
            }
            let wide = [2, 2, 2, 4][self.below(4)];
            let inner = " ".repeat(column + wide);
            let entry = self.block_entry(number, column + wide);
            let properties = self.properties(number);
            if !properties.is_empty() {
                let _ = write!(
                    text,
                    "{indent}- {}{}\n{inner}{entry}",
                    properties.trim_end(),
                    self.comment()
                );
            } else if self.once_in(6) {
                let _ = write!(
                    text,
                    "{indent}-{}\n{}{inner}{entry}",
                    self.comment(),
                    self.between(column + 2)
                );
            } else {
                let _ = write!(text, "{indent}-{}{entry}", " ".repeat(wide - 1));
            }
        }
        text
    }

    fn block_entry(&mut self, number: usize, column: usize) -> String {
        let mut members = vec![
            self.scalar_member("name", number, column),
            self.scalar_member("hash", number, column),
        ];
        if self.once_in(2) {
            members.push(format!("enabled: {}{}\n", self.flag(), self.comment()));
        } else if self.has_base && self.once_in(3) {
            members.push(format!("<<: *base{}\n", self.comment()));
        }
        if self.once_in(2) {
            members.push(self.block_permissions(column));
        } else if self.has_base && self.once_in(3) {
            members.push(format!("permissions: *std{}\n", self.comment()));
        }
        members.extend(self.block_details(number, column));
        if self.once_in(3) {
            members.push(self.note(column));
        }
        self.shuffle(&mut members);
        let indent = " ".repeat(column);
        let mut text = String::new();
        for (index, member) in members.iter().enumerate() {
            if index > 0 {
                text.push_str(&indent);
            }
            text.push_str(member);
            // A deeper comment behind a block text would be text.
            let is_text = [": |", ": >", "- |", "- >"].iter().any(|head| member.contains(head));
            text.push_str(&self.between(if is_text { column } else { column + 4 }));
        }
        text
    }

    fn scalar_member(&mut self, key: &str, number: usize, column: usize) -> String {
        let plain = if key == "name" { format!("k{number}") } else { hash(number) };
        let comment = self.comment();
        let indent = " ".repeat(column + 2);
        match self.below(6) {
            0 => format!("{key}: >-{comment}\n{indent}{plain}\n"),
            1 => format!("{key}: |-{comment}\n{indent}{plain}\n"),
            2 => format!("{key}:{comment}\n{indent}{plain}\n"),
            _ if key == "name" => format!("{key}: {}{comment}\n", self.name(number)),
            _ => format!("{key}: {}{comment}\n", self.hash(number)),
        }
    }

    fn note(&mut self, column: usize) -> String {
        let (indent, mark) = (" ".repeat(column + 2), self.mark());
        match self.below(6) {
            0 => format!("note: |\n{indent}{mark}\n"),
            1 => format!("note: |+\n{indent}{mark}\n\n"),
            2 => format!("note: >+\n{indent}{mark}\n{indent}#no comment\n\n\n"),
            3 => format!("note: |2\n{indent} {mark}\n"),
            4 => format!(
                "note:\n{indent}deep: !mine [{mark}]\n{indent}more: \"{mark}\n\n{indent}  x\"\n"
            ),
            _ => format!("note: {mark}\n"),
        }
    }

    fn block_permissions(&mut self, column: usize) -> String {
        let list = self.permissions();
        let comment = self.comment();
        if self.once_in(4) {
            return format!("permissions: [{}]{comment}\n", list.join(", "));
        }
        let deeper = [2, 0, 4][self.below(3)];
        let indent = " ".repeat(column + deeper);
        let mut text = format!("permissions:{comment}\n");
        for item in list {
            if self.once_in(6) && !item.starts_with(['\'', '"', '!', '&']) {
                let _ = write!(
                    text,
                    "{indent}- {}{}\n{indent}    {item}\n",
                    self.pick(&["|-", ">-"]),
                    self.comment()
                );
                text.push_str(&self.between(column + deeper));
            } else {
                let _ = writeln!(text, "{indent}- {item}{}", self.comment());
                text.push_str(&self.between(column + deeper + 4));
            }
        }
        text
    }

    fn permissions(&mut self) -> Vec<String> {
        let texts = ["a", "b:read", "'*'", "\"c\"", "!!str d", "! 'e'", "f"];
        let count = 1 + self.below(4);
        let first = self.below(texts.len());
        (0..count).map(|index| texts[(first + index) % texts.len()].to_owned()).collect()
    }

    fn name(&mut self, number: usize) -> String {
        let form = self.pick(&["K", "K", "'K'", "\"K\"", "!!str K", "! K"]);
        form.replace('K', &format!("k{number}"))
    }

    fn hash(&mut self, number: usize) -> String {
        let form = self.pick(&["H", "H", "H", "'H'", "\"H\"", "!!str H"]);
        form.replace('H', &hash(number))
    }

    fn flag(&mut self) -> &'static str {
        self.pick(&[
            "true",
            "false",
            "True",
            "FALSE",
            "!!bool true",
            "!!bool \"false\"",
            "!!bool 'true'",
        ])
    }

    /// An anchor that nobody uses, or a tag.
    fn properties(&mut self, number: usize) -> String {
        match self.below(12) {
            0 => "!!map ".to_owned(),
            1 => format!("&k{number} "),
            2 => format!("!!map &k{number} "),
            _ => String::new(),
        }
    }

    fn shuffle(&mut self, members: &mut [String]) {
        for index in (1..members.len()).rev() {
            if self.once_in(2) {
                let other = self.below(index + 1);
                members.swap(index, other);
            }
        }
    }
}

fn hash(number: usize) -> String {
    format!("{HASH}{number:03}")
}
