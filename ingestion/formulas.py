"""Which formulas of others are safe to set: on a page, in a .bib file, in LaTeX."""

import re

# A formula is set as one only if it uses nothing but these commands: none of them defines a macro, draws a
# rule, moves or colours things, leads away or writes files. https://katex.org/docs/supported.html lists them all.
_COMMANDS = frozenset(
    (
        "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho "
        "varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi "
        "Psi Omega ell hbar imath jmath Re Im aleph partial nabla infty forall exists in notin ni subset subseteq "
        "supset supseteq cup cap setminus emptyset varnothing wedge vee neg to gets rightarrow leftarrow Rightarrow "
        "Leftarrow leftrightarrow Leftrightarrow mapsto longrightarrow uparrow downarrow le leq leqslant ge geq "
        "geqslant ne neq equiv approx sim simeq cong propto ll gg lesssim gtrsim prec succ mid parallel perp pm mp "
        "times div cdot ast star circ bullet oplus otimes odot dagger prime angle triangle sum prod int iint oint "
        "lim liminf limsup sup inf max min arg argmax argmin log ln exp sin cos tan sinh cosh tanh det dim ker deg "
        "Pr gcd bmod pmod mod frac dfrac tfrac binom sqrt left right big Big bigl bigr Bigl Bigr langle rangle "
        "lfloor rfloor lceil rceil lvert rvert lVert rVert vert Vert mathbb mathbf mathcal mathrm mathsf mathit "
        "mathfrak mathscr boldsymbol bm text textrm textit textbf operatorname hat bar tilde vec dot ddot widehat "
        "widetilde overline underline ldots cdots dots vdots ddots quad qquad rm bf it cal "
        "lbrace rbrace limits overset underset stackrel rtimes ltimes"
    ).split()
)
_LONGEST_CHARACTERS = 300


def is_harmless(formula: str) -> bool:
    """Whether a formula is short, has its braces paired, and uses known commands only."""
    bare = re.sub(r"\\[{}\\ ,;:!|%&#_$]", "", formula)
    commands = re.findall(r"\\([A-Za-z]+|.?)", bare, re.DOTALL)
    return (
        0 < len(formula) <= _LONGEST_CHARACTERS
        and "\n" not in formula
        and all(command in _COMMANDS for command in commands)
        and not set("#%&~`$") & set(bare)
        and _is_paired(bare)
    )


def _is_paired(formula: str) -> bool:
    depth = 0
    for character in formula:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    return depth == 0
