"""The commit of a repository, read from git's own files: held against git where there is one."""

# mypy: allow-untyped-defs, allow-untyped-calls

import shutil
import subprocess

import pytest

from lakon.commands.revision import revision

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_no_repository(tmp_path):
    (tmp_path / ".git").write_text("nothing of git's")
    assert revision(tmp_path) is None
    (tmp_path / ".git").unlink()
    (tmp_path / ".git").mkdir()
    assert revision(tmp_path) is None
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/unborn\n")
    assert revision(tmp_path) is None


def test_a_branch_a_packed_one_and_none(tmp_path):
    git, inside = tmp_path / ".git", tmp_path / "src" / "deep"
    (git / "refs" / "heads").mkdir(parents=True)
    inside.mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "refs" / "heads" / "main").write_text(COMMIT + "\n")
    assert revision(inside) == COMMIT
    (git / "refs" / "heads" / "main").unlink()
    (git / "packed-refs").write_text(f"# pack-refs with: peeled\n{COMMIT} refs/heads/main\n")
    assert revision(inside) == COMMIT
    (git / "HEAD").write_text(COMMIT + "\n")
    assert revision(inside) == COMMIT


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_as_git_says_in_a_worktree(tmp_path):
    def git(*arguments):
        names = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        done = subprocess.run(["git", *names, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "first")
    git("worktree", "add", "-q", "-b", "other", "elsewhere")
    assert revision(tmp_path / "elsewhere") == revision(tmp_path) == git("rev-parse", "HEAD")
