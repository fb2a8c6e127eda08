//! A person's shell script: edits by a hand that respects the lock or does not, quick or slow.

use std::process::{Child, Command, Stdio};

use neokeys_testkit::workplace::Workplace;

/// Each line of its output names an edit that was made: what it left in the document, and its number.
///
/// Beside quick edits it opens the file and takes its time: to append in two pieces, or to empty it and
/// write it anew. `slow` says so meanwhile, since others may then see half of the file: until what was
/// written is in the document or beside it. Where a change was made upon half of the file, the rest is
/// neither for a moment after the file was closed.
const SCRIPT: &str = r##"
file=data/demo/security.yml lock=data/.neokeys/demo.lock n=0 r=$1
draw() { r=$(((r * 1103515245 + 12345) % 2147483648)); d=$((r / 65536 % $1)); }
pause() { draw $1; sleep $(printf '%d.%03d' $((d / 1000)) $((d % 1000))); }
settle() {
  tries=0
  until cat $file* | grep -qx "# edit $n\."; do
    tries=$((tries + 1))
    [ $tries -lt 6000 ] || { echo edit $n is nowhere >&2; exit 1; }
    sleep 0.01
  done
  echo $n done > slow
}
echo 0 done > slow
while [ ! -e stop ]; do
  n=$((n + 1)) what=comment most=2500
  draw 8; [ $d -eq 0 ] && most=9000
  draw 32
  echo $(date +%s.%N) $n begins $d >> hand.log
  case $d in
    0)
      echo $n begun > slow
      exec 4>>$file
      pause $most && printf '# ed' >&4 && pause 400 && echo "it $n." >&4
      exec 4>&-
      settle ;;
    1)
      echo $n begun > slow
      exec 3<>$file
      exec 4>>/proc/$$/fd/3
      cat <&3 > new.yml && pause $most && truncate -s 0 /proc/$$/fd/3 &&
        draw 2000 && half=$d && head -c $half new.yml >&4 && pause 400 &&
        tail -c +$((half + 1)) new.yml >&4 && pause 400 && echo "# edit $n." >&4
      exec 3>&- 4>&-
      settle ;;
    [2-9]|10) echo "# edit $n." >> $file ;;
    1[1-9]|20) what=flag; flock $lock sed -i "s/^    flag: .*/    flag: $n/" $file ;;
    *) flock $lock sh -c "cp $file new.yml && echo '# edit $n.' >> new.yml && mv new.yml $file" ;;
  esac || exit 1
  echo $(date +%s.%N) $n ends >> hand.log
  echo $what $n
  draw 5; sleep 0.0$d
done
"##;

/// The person at work.
pub(super) struct Hand {
    script: Child,
}

/// The edits that were made.
pub(super) struct Edits {
    /// The numbers that comments name.
    pub(super) comments: Vec<u64>,
    /// The number that the flag was set to last.
    pub(super) last_flag: u64,
}

/// A moment, as the script told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment(String);

impl Moment {
    pub(super) fn now(place: &Workplace) -> Self {
        Self(std::fs::read_to_string(place.path("slow")).unwrap_or_default())
    }

    /// Whether no slow edit was under way at any time between then and now.
    pub(super) fn is_quiet_since(&self, then: &Self) -> bool {
        self == then && self.0.ends_with("done\n")
    }
}

impl Hand {
    pub(super) fn start(place: &Workplace, seed: u64) -> Self {
        let script = Command::new("sh")
            .args(["-c", SCRIPT, "sh", &(seed % 1_000_003).to_string()])
            .current_dir(place.path(""))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { script }
    }

    /// Lets it make its last edit.
    pub(super) fn stop(self, place: &Workplace) -> Edits {
        place.write("stop", "");
        let output = self.script.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut edits = Edits { comments: Vec::new(), last_flag: 0 };
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            match line
                .split_once(' ')
                .map(|(what, number)| (what, number.parse().unwrap()))
                .unwrap()
            {
                ("comment", number) => edits.comments.push(number),
                (_, number) => edits.last_flag = number,
            }
        }
        edits
    }
}
