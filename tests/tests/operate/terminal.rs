//! A command that believes to run in a terminal, and somebody who answers its questions.

use sm_tests::process::binary;
use tokio::process::Command;

/// What is typed at a question.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer<'a> {
    /// Shown while it is typed.
    Open(&'a str),
    /// Not shown, as a password.
    Hidden(&'a str),
    /// Ctrl-D: somebody leaves.
    Leave,
}

/// Answers one question after the other; exit code, and what the terminal has shown.
pub(super) async fn in_a_terminal(
    arguments: &[&str],
    settings: &[(&str, String)],
    answers: &[Answer<'_>],
) -> (i32, String) {
    const SCRIPT: &str = r"
import os, pty, sys, termios
answers, (command, *rest) = sys.argv[1].split('\n'), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(command, [command, *rest])
shown, asked = b'', 0
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    shown += part
    while asked < min(shown.count(b'): '), len(answers)):
        kind, text = answers[asked][0], answers[asked][1:]
        while kind == '*' and termios.tcgetattr(terminal)[3] & termios.ECHO:
            pass  # The question comes a moment before what is typed is hidden.
        os.write(terminal, b'\x04' if kind == '!' else text.encode() + b'\n')
        asked += 1
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";
    let typed: Vec<String> = answers
        .iter()
        .map(|answer| match answer {
            Answer::Open(text) => format!("-{text}"),
            Answer::Hidden(text) => format!("*{text}"),
            Answer::Leave => "!".to_owned(),
        })
        .collect();
    let mut command = Command::new("/usr/bin/env");
    command.args(["python3", "-c", SCRIPT, &typed.join("\n")]).arg(binary("streammaxing"));
    command.args(arguments).envs(settings.iter().map(|(name, value)| (name, value)));
    let output = command.output().await.unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let code = output.status.code();
    (code.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr))), shown)
}
