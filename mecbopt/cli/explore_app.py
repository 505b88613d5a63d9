"""The explorer's controls, a marimo notebook: `mecbopt explore` shows it as an application.

What it shows is computed in `mecbopt.cli.explore_views`.  Cells are functions of the names that other cells
give; marimo runs their source by itself, so they carry no types.
"""

import marimo

app = marimo.App(width="medium", app_title="mecbopt explorer")


@app.cell
def _():
    import marimo as mo

    from mecbopt.cli import explore_views as views

    return mo, views


@app.cell
def _(mo):
    def slider(label, value, stop=1.0, step=0.01):
        return mo.ui.slider(0.0, stop, step, value=value, label=label, show_value=True, full_width=True)

    bits = mo.ui.dictionary(
        {
            "q_x": slider("a = P(X=1)", 0.3),
            "q_y": slider("b = P(Y=1)", 0.3),
            "rate": slider("R, bits", 0.378, step=0.001),
            "label": mo.ui.checkbox(label="with a label S"),
            "crossover": slider("P(S != X)", 0.1, stop=0.5),
            "limit": slider("C, bits", 0.8, step=0.001),
        }
    )
    return bits, slider


@app.cell
def _(bits, mo, views):
    chosen = bits.value
    labelled = (chosen["crossover"], chosen["limit"]) if chosen["label"] else (None, None)
    two_bits = mo.Html(views.two_bits_view(chosen["q_x"], chosen["q_y"], chosen["rate"], *labelled))
    return (two_bits,)


@app.cell
def _(mo, slider):
    laws = mo.ui.dictionary(
        {
            "p_x": mo.ui.text("0.5, 0.3, 0.2", label="law of X", full_width=True),
            "p_y": mo.ui.text("0.6, 0.4", label="law of Y", full_width=True),
            "rate": slider("R, bits", 0.5, stop=3.0),
        }
    )
    return (laws,)


@app.cell
def _(laws, mo, views):
    typed = laws.value
    small = mo.Html(views.small_view(typed["p_x"], typed["p_y"], typed["rate"]))
    return (small,)


@app.cell
def _(mo):
    sample = """\
p_x = [0.5, 0.3, 0.2]
p_y = [0.6, 0.4]
rate = 0.5
[label]
p_s_given_x = [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]
max_entropy = 0.9
"""
    load = mo.ui.file(filetypes=[".toml", ".json"], label="load a problem file")
    return load, sample


@app.cell
def _(load, mo, sample):
    given = load.contents().decode(errors="replace") if load.value else sample
    text = mo.ui.code_editor(given, language="toml", label="the problem, TOML or JSON")
    method = mo.ui.dropdown(["auto", "exact", "local", "greedy"], value="auto", label="method")
    seconds = mo.ui.number(1, 3600, 1, value=10, label="seconds at most")
    go = mo.ui.run_button(label="solve")
    return go, method, seconds, text


@app.cell
def _(go, method, mo, seconds, text, views):
    solution, own = None, mo.md("Press *solve*.")
    if go.value:
        with mo.status.spinner(title="solving", remove_on_exit=True) as spinner:
            solution = views.solved(
                text.value, method.value, float(seconds.value), lambda words: spinner.update(subtitle=words)
            )
        own = mo.Html(views.problem_view(solution))
    return own, solution


@app.cell
def _(mo, solution):
    export = mo.md("")
    if solution is not None and not isinstance(solution, str):
        export = mo.download(
            solution.to_json().encode(), filename="solution.json", label="save solution.json"
        )
    return (export,)


@app.cell
def _(
    bits,
    export,
    go,
    laws,
    load,
    method,
    mo,
    own,
    seconds,
    small,
    text,
    two_bits,
):
    mo.ui.tabs(
        {
            "Two bits": mo.vstack([bits.hstack(wrap=True), two_bits]),
            "Small alphabets": mo.vstack([laws.hstack(wrap=True), small]),
            "A problem of yours": mo.vstack(
                [mo.hstack([load, method, seconds, go], justify="start", wrap=True), text, own, export]
            ),
        }
    )
    return


if __name__ == "__main__":
    app.run()
