# Configuration of the lit tests. Tools are found by name; `%inputs` is the Inputs folder beside a
# test, `%patterns` the shipped rules.
import os
import subprocess

import lit.formats

config.name = "wnnxc"
config.test_format = lit.formats.ShTest(True)
config.suffixes = [".wnnxt", ".pat", ".test"]
config.excludes = ["Inputs", "lit.cfg.py", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)

tools = os.path.join(config.wnnx_build, "bin")
config.environment["PATH"] = os.pathsep.join([tools, config.llvm_tools, config.environment["PATH"]])
config.environment["FILECHECK_OPTS"] = "-enable-var-scope --allow-unused-prefixes=false"
config.environment["CXX"] = config.host_cxx
# Verdicts on rules are remembered in the build, not in the user's folder.
config.environment["XDG_CACHE_HOME"] = os.path.join(config.wnnx_build, "test-cache")
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
config.substitutions.append(("%inputs", os.path.join(config.test_source_root, "Inputs")))
config.substitutions.append(("%patterns", os.path.join(config.wnnx_source, "patterns")))
config.substitutions.append(("%root", config.wnnx_source))
config.substitutions.append(("%npy", os.path.join(config.test_source_root, "Inputs", "npy.py")))
# Without site packages (-S): the tests need nothing but Python itself, except where a feature says so.
config.substitutions.append(("%python", config.python + " -S"))
config.substitutions.append(("%full-python", config.python))

probe = subprocess.run([config.python, "-c", "import safetensors.numpy"], capture_output=True)
if probe.returncode == 0:
    config.available_features.add("safetensors")
