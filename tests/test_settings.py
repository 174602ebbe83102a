"""What the environment says is what counts."""

import os
import subprocess
import sys
from pathlib import Path


def test_a_secret_key_that_begins_with_a_dollar_sign_is_taken_as_it_stands(tmp_path):
    program = "from discovery.settings import SECRET_KEY; print(SECRET_KEY)"
    environment = os.environ | {"SECRET_KEY": "$ecret=7", "EARSHOT_HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "$ecret=7"


def test_an_empty_home_is_none_and_not_the_folder_one_stands_in(tmp_path):
    program = "from discovery.settings import BASE_DIR, HOME_DIR; print(HOME_DIR == BASE_DIR / 'var')"
    environment = os.environ | {"EARSHOT_HOME": "", "PYTHONPATH": str(Path.cwd())}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "True"
    assert not list(tmp_path.iterdir())
