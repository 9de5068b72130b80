// SPDX-License-Identifier: MIT
// TinyCC links a crti.o and a crtn.o around every program. In the chain there
// is nothing for them to do.
typedef int nothing;
