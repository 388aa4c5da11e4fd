"""Look the pinned packages up for known vulnerabilities; say how many could be looked up from here."""

import json
import subprocess
import sys
from pathlib import Path

AUDIT = ("--disable-pip", "--no-deps", "--progress-spinner", "off", "--format", "json", "-r", "requirements.txt")


def main() -> int:
    program = str(Path(sys.executable).with_name("pip-audit"))
    done = subprocess.run([program, *AUDIT], check=False, capture_output=True, text=True)  # noqa: S603
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        print("pip-audit: not run, the vulnerability database cannot be reached from here.")
        return 0
    found = [
        f"{package['name']} {package['version']}: {vulnerability['id']}"
        for package in packages
        for vulnerability in package.get("vulns", [])
    ]
    print("\n".join(found))
    looked_up = sum("vulns" in package for package in packages)
    print(f"pip-audit: {looked_up} of {len(packages)} packages could be looked up, {len(found)} vulnerabilities known.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
