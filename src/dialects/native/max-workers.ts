/** More than the cores of any machine that is to be had; each worker takes some 95 MiB. */
export const MAX_WORKERS = 256
