# SPDX-License-Identifier: Apache-2.0
"""Tables of results.json: medians of each peer, the ratio of wnnxc to the best of the others, and
the arithmetic floor."""
import math

OURS = "wnnxc"


def columns(results):
    seen = {}
    for entry in results["networks"].values():
        for figures in entry["threads"].values():
            seen.update(dict.fromkeys(figures))
    return [OURS] * (OURS in seen) + [p for p in seen if p != OURS]


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def best(figures, key):
    """(peer, milliseconds) of the fastest besides wnnxc."""
    times = [(f[key], peer) for peer, f in figures.items() if not peer.startswith(OURS) and key in f]
    return min(times)[::-1] if times else (None, None)


def milliseconds(value):
    if value is None:
        return "-"
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.1f}"


def rows(results, threads):
    """Cells of each network, then those of the mean; bold marks the best peer."""
    peers, table, ratios = columns(results), [], {"median": [], "min": []}
    peak = results["peak"][str(threads)]
    for name in results["order"]:
        entry = results["networks"].get(name)
        figures = entry and entry["threads"].get(str(threads))
        if not figures:
            continue
        cells, winner = [name], best(figures, "median")[0]
        for peer in peers:
            cell = milliseconds(figures.get(peer, {}).get("median"))
            cells.append(f"**{cell}**" if peer == winner else cell)
        for key in ratios:
            ours, other = figures.get(OURS, {}).get(key), best(figures, key)[1]
            if ours and other:
                ratios[key].append(ours / other)
            cells.append(f"{ours / other:.2f}" if ours and other else "-")
        floor = entry["flops"] / peak / 1e6
        ours = figures.get(OURS, {}).get("median")
        cells += [f"{entry['flops'] / 1e9:.3f}", milliseconds(floor),
                  milliseconds(entry["winograd"] / peak / 1e6),
                  f"{100 * floor / ours:.0f} %" if ours else "-"]
        table.append(cells)
    means = [geometric_mean(ratios[key]) for key in ratios]
    table.append(["geometric mean"] + [""] * len(peers) +
                 [f"{m:.2f}" if m else "-" for m in means] + [""] * 4)
    return table


def header(results):
    return ["network", *columns(results), "ratio", "ratio of minima", "GFLOP", "floor ms",
            "Winograd floor ms", "our share of peak"]


def reasons(results):
    """One line per peer and reason, with the networks that it holds for."""
    found = {}
    for name in results["order"]:
        for threads, figures in results["networks"].get(name, {"threads": {}})["threads"].items():
            for peer, f in figures.items():
                if "error" in f:
                    found.setdefault((peer, f["error"]), {}).setdefault(threads, []).append(name)
    lines = []
    for (peer, why), by_threads in found.items():
        names = sorted({n for names in by_threads.values() for n in names},
                       key=results["order"].index)
        said = ", ".join(names) if len(names) < len(results["networks"]) else "all networks"
        lines.append(f"{peer}, {'/'.join(by_threads)} thread(s), {said}: {why}")
    return lines


def describe(results, threads):
    peak = results["peak"][str(threads)]
    return f"{threads} thread{'s' * (threads > 1)}: median ms; peak {peak:.0f} GFLOP/s"


def packages(results):
    return ", ".join(f"{name} {version}" for name, version in sorted(results["versions"].items()))


def markdown(results):
    out = [f"{results['cpu']}; {results['date']}; {packages(results)}.", ""]
    for threads in results["threads"]:
        out += [describe(results, threads) + ".", "", "| " + " | ".join(header(results)) + " |",
                "|---" * len(header(results)) + "|"]
        out += ["| " + " | ".join(cells) + " |" for cells in rows(results, threads)] + [""]
    why = reasons(results)
    return "\n".join(out + (["No figure:", ""] + [f"- {line}" for line in why] if why else [])) + "\n"


def text(results):
    out = [results["cpu"], packages(results)]
    for threads in results["threads"]:
        table = [header(results)] + rows(results, threads)
        table = [[c.replace("**", "*") if "**" not in c else c.strip("*") + "*" for c in cells]
                 for cells in table]
        widths = [max(len(cells[i]) for cells in table) for i in range(len(table[0]))]
        out += ["", describe(results, threads) + " (*: best peer)"]
        for name, *cells in table:
            cells = [c.rjust(w) for c, w in zip(cells, widths[1:])]
            out.append("  ".join([name.ljust(widths[0])] + cells).rstrip())
    return "\n".join(out + [""] + [f"- {line}" for line in reasons(results)])
