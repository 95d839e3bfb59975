# SPDX-License-Identifier: Apache-2.0
"""Plot of results.json as SVG: per network the time of each peer over that of the fastest peer."""
import math
from html import escape

import table

COLOURS = ("#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f")
LEFT, RIGHT, TOP, ROW = 150, 30, 70, 20
WIDTH = 860
TICKS = (0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 3, 4, 6, 8)


def position(ratio):
    """Logarithmic; what lies outside is drawn at the border."""
    low, high = math.log(TICKS[0]), math.log(TICKS[-1])
    at = (math.log(ratio) - low) / (high - low)
    return LEFT + min(max(at, 0), 1) * (WIDTH - LEFT - RIGHT)


def svg(results, threads):
    peers, lines = table.columns(results), []
    names = [n for n in results["order"]
             if results["networks"].get(n, {"threads": {}})["threads"].get(str(threads))]
    height = TOP + ROW * len(names) + 40
    for tick in TICKS:
        x = position(tick)
        lines.append(f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - 30}" '
                     f'stroke="{"#444" if tick == 1 else "#ddd"}"/>'
                     f'<text x="{x:.1f}" y="{height - 14}" text-anchor="middle">{tick:g}</text>')
    for i, peer in enumerate(peers):
        x, colour = LEFT + 85 * i, COLOURS[i % len(COLOURS)]
        lines.append(f'<circle cx="{x}" cy="40" r="5" fill="{colour}"/>'
                     f'<text x="{x + 9}" y="44">{escape(peer)}</text>')
    for row, name in enumerate(names):
        y = TOP + ROW * row + ROW / 2
        figures = results["networks"][name]["threads"][str(threads)]
        reference = table.best(figures, "median")[1]
        lines.append(f'<text x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">'
                     f'{escape(name)}</text>')
        for i, peer in reversed(list(enumerate(peers))):  # ours on top
            time = figures.get(peer, {}).get("median")
            if time and reference:
                lines.append(f'<circle cx="{position(time / reference):.1f}" cy="{y:.1f}" '
                             f'r="{6 if peer == table.OURS else 4}" '
                             f'fill="{COLOURS[i % len(COLOURS)]}" fill-opacity="0.85">'
                             f'<title>{escape(peer)} {time:.3f} ms</title></circle>')
    title = (f"Time over that of the fastest peer, {threads} thread{'s' * (threads > 1)} "
             "(left is faster)")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            'font-family="sans-serif" font-size="12">'
            '<rect width="100%" height="100%" fill="white"/>'
            f'<text x="{LEFT}" y="20" font-size="14">{title}</text>\n' + "\n".join(lines) +
            "\n</svg>\n")
