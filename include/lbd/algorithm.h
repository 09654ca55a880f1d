#ifndef LBD_ALGORITHM_H
#define LBD_ALGORITHM_H
#endif
