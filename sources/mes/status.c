/* SPDX-License-Identifier: MIT */
/* The programs true and false, which one of Mes's tests runs. */
int main(void)
{
    return STATUS;
}
