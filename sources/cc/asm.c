/* SPDX-License-Identifier: MIT
 *
 * asm statements: operands to machine registers, the template to text for the
 * assembler. */

static void gen_asm(Asm *a) {
    if (!a->is_basic)
        fatal_at(a->file, a->line, "asm with operands%s", "");
    Ins *i = emit(I_ASM, 0, NONE, NONE, NONE);
    i->text = a->text;
    i->line = a->line;
    fn.calls = 1;
}
