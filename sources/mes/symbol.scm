;;; SPDX-License-Identifier: MIT
;;; A symbol of letters beyond ASCII, which patches/symbols.patch is for. It prints "é".
(display (string->symbol "é"))
(newline)
