# SPDX-License-Identifier: Apache-2.0
"""Models that end in decisions."""
