// SPDX-License-Identifier: MIT
#pragma once
typedef long off_t;
typedef long ssize_t;
typedef unsigned mode_t;
