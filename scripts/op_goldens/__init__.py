# SPDX-License-Identifier: Apache-2.0
"""Cases for the reference evaluators, one module per family; see ../make_op_goldens.py."""
