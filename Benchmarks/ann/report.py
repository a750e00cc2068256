"""What a comparison found, as JSON, as a table and as a plot."""

import json
import os
import pathlib
import platform
import statistics
import textwrap
import time

COLOURS = ["#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#8c564b", "#ff7f0e", "#17becf", "#7f7f7f"]


def cpu_name():
    """The CPU's name as the kernel has it."""
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def surroundings(data, options):
    """Where and how a comparison ran."""
    return {
        "cpu": cpu_name(), "cpus": os.cpu_count(), "load_1m": round(os.getloadavg()[0], 2),
        "date": time.strftime("%Y-%m-%d %H:%M"), "rounds": options.rounds, "k": 10, "index": options.index,
        "mode": options.mode, "data": data.name, "rows": len(data.base), "dimension": data.base.shape[1],
        "queries": len(data.queries),
    }


def best(figures):
    """The best rate of all rounds; of the quantiles the median of the rounds."""
    entry = {key: max(values) for key, values in figures.items() if not key.startswith("p")}
    entry |= {key: statistics.median(values) for key, values in figures.items() if key.startswith("p")}
    return entry


def wrapped(text):
    """A paragraph in lines of at most 120 columns."""
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def result(data, started, figures, options, targets):
    """Everything about one data set."""
    systems = []
    for name, program in started:
        if isinstance(program, str):
            systems.append({"name": name, "not_run": program})
            continue
        entry = {"name": name, **program.ready}
        entry["points"] = [
            {"recall_target": target, "recall": point["recall"], "setting": point.get("setting") or {"ef": point["ef"]},
             **best(figures[name][target]), "rounds": figures[name][target]}
            for target, point in zip(targets, program.ready["points"])
        ]
        systems.append(entry)
    return {"benchmark": "ann", **surroundings(data, options), "systems": systems}


def point_of(system, target):
    return next((point for point in system.get("points", []) if point["recall_target"] == target), None)


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def ratios(found, target):
    """How many times as fast ours is as each of the others, by the better of one and two threads' best rounds."""
    ours = found["systems"][0]
    mine, lines = point_of(ours, target), []
    for system in found["systems"][1:]:
        point = point_of(system, target)
        if mine and point and point["recall"] >= target:
            parts = [mine[key] / point[key] for key in ("qps_1", "qps_2")]
            batch = [mine[f"qps_{threads}"] / point[f"batch_{threads}"] for threads in (1, 2)
                     if point.get(f"batch_{threads}")]
            text = f"{parts[0]:.2f} / {parts[1]:.2f}"
            lines.append((system["name"], text, " / ".join(f"{part:.2f}" for part in batch) or "–"))
    return lines


def table(found):
    """The comparison in Markdown."""
    lines = [
        f"# {found['data']}: {found['rows']:,} × {found['dimension']}, k = {found['k']}", "",
        wrapped(f"{found['cpu']}, {found['cpus']} CPUs, load {found['load_1m']}, {found['date']}; best of "
                f"{found['rounds']} rounds, in turn, each program in a process of its own. QPS: one query a call, "
                "on 1 / 2 threads (ours from Swift, the others from Python). Batch: one call with all queries. p50 "
                "and p99 on one thread."), "",
    ]
    targets = sorted({point["recall_target"] for system in found["systems"] for point in system.get("points", [])})
    for target in targets:
        lines += [f"## recall@{found['k']} ≥ {target}", "",
                  "| | setting | recall | QPS 1 | QPS 2 | batch 1 | batch 2 | p50 µs | p99 µs |",
                  "|---|---|---|---|---|---|---|---|---|"]
        for system in found["systems"]:
            point = point_of(system, target)
            if not point:
                lines.append(f"| {system['name']} | not run: {system.get('not_run', 'no such target')} | | | | | | | |")
                continue
            setting = " ".join(f"{key} {value}" for key, value in point["setting"].items())
            missed = "" if point["recall"] >= target else " (not reached)"
            cells = [number(point.get(key)) for key in ("qps_1", "qps_2", "batch_1", "batch_2")]
            cells += [number(point.get(key), 1) for key in ("p50_us", "p99_us")]
            lines.append(f"| {system['name']} | {setting} | {point['recall']:.4f}{missed} | {' | '.join(cells)} |")
        lines += ["", wrapped("Ours against (× QPS on 1 / 2 threads, singly; against their batch): " + "; ".join(
            f"{name} {single} ({batch})" for name, single, batch in ratios(found, target))), ""]
    lines += ["## Building and size", "",
              "| | build vectors/s, 2 threads | resident bytes/vector | disk bytes/vector | version | built |",
              "|---|---|---|---|---|---|"]
    for system in found["systems"]:
        if "not_run" in system:
            continue
        built = f"{system.get('built', found['date'])}, load {system.get('load_at_build', found['load_1m'])}"
        cells = [number(system["build_vectors_per_second"]), number(system["resident_bytes_per_vector"]),
                 number(system["disk_bytes_per_vector"]), system.get("version", "this"), built]
        lines.append(f"| {system['name']} | {' | '.join(cells)} |")
    ours = found["systems"][0]
    if "open_ms" in ours:
        lines += ["", wrapped(
            f"Ours: opens in {ours['open_ms']} ms to the first search; inserts "
            f"{number(ours['insert_vectors_per_second'])} vectors/s durably in batches of 1,000; the index counts "
            f"{ours['index_bytes_per_vector']} bytes/vector besides the vectors, memory and mapped.")]
    return "\n".join(lines) + "\n"


def plot(found, path):
    """Queries a second over recall, one thread, one query a call."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(8, 5.5), layout="constrained")
    for system, colour in zip((entry for entry in found["systems"] if entry.get("curve")), COLOURS):
        curve = sorted(system["curve"], key=lambda entry: entry["recall"])
        curve = [entry for entry in curve if entry["recall"] >= 0.7]
        axes.plot([entry["recall"] for entry in curve], [entry["qps_1"] for entry in curve], marker="o", markersize=4,
                  color=colour, linewidth=2.4 if system["name"] == "vexfs" else 1.4, label=system["name"])
    axes.set(yscale="log", xlabel=f"recall@{found['k']}", ylabel="queries a second, 1 thread, one a call",
             title=f"{found['data']}: {found['rows']:,} × {found['dimension']}")
    axes.grid(True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def write(found, folder):
    """Writes ann-NAME.json, .md and, where there are curves, .png."""
    stem = folder / f"ann-{found['data']}"
    stem.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    stem.with_suffix(".md").write_text(table(found))
    if any(system.get("curve") for system in found["systems"]):
        plot(found, stem.with_suffix(".png"))


def filter_result(data, started, entries, options):
    """Everything about filtered searches on one data set."""
    rows = []
    for entry in entries:
        systems = {
            name: {"recall": answer["points"][0]["recall"], "plan": answer["plan"],
                   "setting": answer["points"][0].get("setting") or {"ef": answer["points"][0]["ef"]},
                   **best(entry["figures"][name][0.95])}
            for name, answer in entry["answers"].items()
        }
        rows.append({"kind": entry["kind"], "share": entry["share"], "systems": systems})
    failed = {name: program for name, program in started if isinstance(program, str)}
    ready = {name: program.ready for name, program in started if not isinstance(program, str)}
    return {"benchmark": "ann-filters", **surroundings(data, options), "not_run": failed, "ready": ready,
            "filters": rows}


def filter_table(found):
    """Filtered searches in Markdown."""
    names = list(found["ready"])
    lines = [
        f"# Filtered: {found['data']}, {found['rows']:,} × {found['dimension']}, recall@{found['k']} ≥ 0.95", "",
        wrapped(f"{found['cpu']}, {found['cpus']} CPUs, load {found['load_1m']}, {found['date']}; best of "
                f"{found['rounds']} rounds in turn; one query a call, 1 / 2 threads. Correlated: the rows nearest to "
                "an anchor near the query pass; anticorrelated: the farthest."), "",
        "| pass | " + " | ".join(f"{name} QPS | recall | how" for name in names) + " |",
        "|---|" + "---|---|---|" * len(names),
    ]
    for row in found["filters"]:
        cells = [row["kind"] + (f" {row['share'] * 100:g} %" if row["share"] else "")]
        for name in names:
            system = row["systems"][name]
            how = " ".join(f"{key} {value}" for key, value in system["setting"].items())
            missed = "" if system["recall"] >= 0.95 else " (not reached)"
            cells += [f"{number(system['qps_1'])} / {number(system['qps_2'])}", f"{system['recall']:.4f}{missed}",
                      how + (f", {system['plan']}" if system["plan"] else "")]
        lines.append("| " + " | ".join(cells) + " |")
    for name, ready in found["ready"].items():
        lines += ["", f"{name}: {number(ready['build_vectors_per_second'])} vectors/s built on two threads, load "
                  f"{ready.get('load_at_build', found['load_1m'])}."]
    for name, why in found["not_run"].items():
        lines += ["", f"{name}: not run: {why}"]
    return "\n".join(lines) + "\n"


def write_filters(found, folder):
    """Writes ann-filters-NAME.json and .md, and prints the table."""
    stem = folder / f"ann-filters-{found['data']}"
    stem.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    text = filter_table(found)
    stem.with_suffix(".md").write_text(text)
    print(text)
