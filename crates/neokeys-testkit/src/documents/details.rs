//! The members beside a key's definition, in every style: limits, older tokens and labels, some of them
//! mistyped. Times are far off, so nothing ends while a test runs.

use super::Writer;

impl Writer<'_> {
    /// Members of an entry in flow style.
    pub(super) fn flow_details(&mut self, number: usize) -> Vec<String> {
        let mut members = Vec::new();
        if self.once_in(4) {
            let limits = self.limits();
            members.push(format!("limits: {{{}}}", self.joined(&limits)));
        }
        if self.once_in(4) {
            let tokens = self.older_tokens(number);
            members.push(format!("previousHashes: [{}]", self.joined(&tokens)));
        }
        if self.once_in(6) {
            let labels = self.labels();
            members.push(format!("labels: {{ {} }}", self.joined(&labels)));
        }
        members
    }

    /// Members of an entry in block style, each with its lines, the first one without its indentation.
    pub(super) fn block_details(&mut self, number: usize, column: usize) -> Vec<String> {
        let mut members = Vec::new();
        if self.once_in(4) {
            let limits = self.limits();
            members.push(self.collection("limits", column, limits));
        }
        if self.once_in(4) {
            let tokens = self.older_tokens(number);
            members.push(self.collection("previousHashes", column, tokens));
        }
        if self.once_in(6) {
            let labels = self.labels();
            members.push(self.collection("labels", column, labels));
        }
        if self.once_in(6) {
            let text = self.pick(&["crm", "'crm nightly'", "\"crm\"", "!!str crm"]);
            members.push(format!("description: {text}{}\n", self.comment()));
        }
        members
    }

    fn joined(&mut self, parts: &[String]) -> String {
        parts.join(self.pick(&[", ", ",", " , "]))
    }

    /// A member that holds parts: on lines of their own, on one line, or on lines in brackets.
    fn collection(&mut self, name: &str, column: usize, parts: Vec<String>) -> String {
        let is_list = name == "previousHashes";
        let [open, close] = if is_list { ["[", "]"] } else { ["{", "}"] };
        let style = if parts.is_empty() { 1 } else { self.below(3) };
        let tag = if self.once_in(8) { if is_list { " !!seq" } else { " !!map" } } else { "" };
        let comment = self.comment();
        if style == 1 {
            let parts = self.joined(&parts);
            return format!("{name}:{tag} {open}{parts}{close}{comment}\n");
        }
        let deeper = if is_list && style == 0 { [0, 2, 4][self.below(3)] } else { 2 };
        let indent = " ".repeat(column + deeper);
        let is_flow = style == 2;
        let mut text = format!("{name}:{tag}{}{comment}\n", if is_flow { " [" } else { "" });
        if is_flow {
            text = text.replacen(" [", &format!(" {open}"), 1);
        }
        let last = parts.len() - 1;
        for (index, part) in parts.into_iter().enumerate() {
            text += &self.between(column + deeper);
            let dash = if is_list && !is_flow { "- " } else { "" };
            let comma = if is_flow && (index < last || self.once_in(2)) { "," } else { "" };
            text += &format!("{indent}{dash}{part}{comma}{}\n", self.comment());
        }
        if is_flow {
            text += &format!("{} {close}{}\n", " ".repeat(column), self.comment());
        }
        text
    }

    fn limits(&mut self) -> Vec<String> {
        let time =
            self.pick(&["T", "'T'", "\"T\"", "!!str T"]).replace('T', "2999-02-24T21:00:00Z");
        let mut parts = vec![format!("expiresAt: {time}")];
        let networks = ["203.0.113.0/24", "'2001:db8::/32'", "\"::1\"", "10.0.0.1"];
        let (first, count) = (self.below(4), 1 + self.below(3));
        let networks: Vec<_> =
            (0..count).map(|index| networks[(first + index) % 4].to_owned()).collect();
        parts.push(format!("allowedIps: [{}]", self.joined(&networks)));
        self.shuffle(&mut parts);
        parts.truncate(1 + self.below(2));
        parts
    }

    /// Older tokens, of which some are none.
    fn older_tokens(&mut self, number: usize) -> Vec<String> {
        let token = |writer: &mut Self, index: usize| {
            let hash = format!("{:063x}{index}", 1 + number);
            let end = "2999-02-24T21:00:00Z";
            match writer.below(6) {
                0 => writer.mark(),
                1 => format!("{{hash: {}, expiresAt: {end}}}", writer.mark()),
                2 => format!("{{hash: {hash}, expiresAt: 2999-02-24}}"),
                3 => format!("{{expiresAt: '{end}', hash: \"{hash}\"}}"),
                _ => format!("{{hash: {hash}, expiresAt: {end}}}"),
            }
        };
        (0..self.below(4)).map(|index| token(self, index)).collect()
    }

    /// Labels, of which some are none.
    fn labels(&mut self) -> Vec<String> {
        let pairs = ["env: test", "team: 'x'", "\"true\": a", "a b: c", "n: 5", "deep: [x]"];
        let first = self.below(pairs.len());
        (0..self.below(4)).map(|index| pairs[(first + index) % pairs.len()].to_owned()).collect()
    }
}
