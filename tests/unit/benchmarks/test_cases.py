"""What the bench of numbered cases reads from a test report."""

from __future__ import annotations

from benchmarks.cases import read_report

REPORT = """<testsuites><testsuite>
  <testcase name="one"><properties>
    <property name="case" value="tools-6"/><property name="command" value="keifu chain --detach"/>
  </properties></testcase>
  <testcase name="two"><properties>
    <property name="case" value="tools-6"/><property name="command" value="keifu chain --detach"/>
    <property name="case" value="tools-36"/><property name="command" value="keifu chain stop"/>
  </properties></testcase>
  <testcase name="three"><properties>
    <property name="case" value="tools-36"/><property name="command" value="keifu chain env"/>
  </properties><failure/></testcase>
  <testcase name="four"><properties><property name="case" value="tools-37"/></properties><skipped/></testcase>
</testsuite></testsuites>"""


def test_a_case_is_closed_when_all_its_tests_pass(tmp_path):
    (tmp_path / "report.xml").write_text(REPORT)
    assert read_report(tmp_path / "report.xml").cases == {"tools-6": True, "tools-36": False, "tools-37": False}


def test_commands_count_once_and_only_from_tests_that_pass(tmp_path):
    (tmp_path / "report.xml").write_text(REPORT)
    assert read_report(tmp_path / "report.xml").commands == {"keifu chain --detach", "keifu chain stop"}
