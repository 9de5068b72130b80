/* SPDX-License-Identifier: MIT
 * Never ends and calls nothing. */
int main(void)
{
    for (volatile long n = 0;; n++)
        ;
}
