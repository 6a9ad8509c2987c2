"""The points of --compress=auto as a picture (tools/dev/plot-search)."""
import argparse
import json
import pathlib
import sys


def costs(points):
    """(axis, value of each point): the perplexity where it was measured, else the worst output's SNR."""
    if all(point.get("perplexity") for point in points):
        return "perplexity", [point["perplexity"]["compressed"] for point in points]
    # A model that loses nothing has no finite ratio (null): it stands above all others.
    worst = [min((output["snr_db"] for output in point["outputs"] if output["snr_db"] is not None), default=None) for point in points]
    above = max((value for value in worst if value is not None), default=0) + 10
    axis = "SNR of the worst output, dB" + (f" ({above:.0f}: nothing is lost)" if None in worst else "")
    return axis, [above if value is None else value for value in worst]


def main():
    parser = argparse.ArgumentParser(prog="plot-search", description=__doc__)
    parser.add_argument("report", type=pathlib.Path)
    parser.add_argument("-o", "--output", type=pathlib.Path, default=pathlib.Path("search.svg"))
    args = parser.parse_args()
    try:
        points = json.loads(args.report.read_text()).get("search") or []
    except (OSError, ValueError) as why:
        sys.exit(f"error: {args.report}: {why}")
    if not points:
        sys.exit(f"error: {args.report}: no search in it: it is of --compress=auto, with --report={args.report}")
    try:
        from matplotlib.figure import Figure
    except ImportError:
        sys.exit("error: the Python package 'matplotlib' is not installed: tools/dev/setup installs it")
    axis, values = costs(points)
    sizes = [point["file_bytes"]["compressed"] / 1e6 for point in points]
    figure = Figure(figsize=(7, 4.5), layout="tight")
    plot = figure.add_subplot(xlabel="file, MB", ylabel=axis, title=args.report.name)
    for within, color, label in ((True, "tab:green", "within the budget"), (False, "tab:red", "too much")):
        chosen = [i for i, point in enumerate(points) if point["within_budget"] is within]
        plot.scatter([sizes[i] for i in chosen], [values[i] for i in chosen], color=color, label=label)
    for x, y, point in zip(sizes, values, points):
        plot.annotate(f"{point['products_of_8_bits']} at 8 bits, {point['dense_products']} dense", (x, y), xytext=(4, 4), textcoords="offset points", fontsize=7)
    # What was written is the last that was tried.
    plot.scatter(sizes[-1:], values[-1:], s=160, facecolors="none", edgecolors="black", label="written")
    plot.legend()
    try:
        figure.savefig(args.output)
    except (OSError, ValueError) as why:
        sys.exit(f"error: {args.output}: {why}")
    print(f"{len(points)} points: {args.output}")


if __name__ == "__main__":
    main()
