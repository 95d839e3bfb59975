# SPDX-License-Identifier: Apache-2.0
"""Architectures that torchvision does not have, written in plain PyTorch, one family per file."""
