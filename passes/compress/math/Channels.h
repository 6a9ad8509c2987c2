// Scales of a product's input channels: the inputs are divided by them and the weight multiplied, which
// changes no output but what rounding does.
#ifndef HONE_PASSES_COMPRESS_MATH_CHANNELS_H
#define HONE_PASSES_COMPRESS_MATH_CHANNELS_H
#include "passes/compress/math/Gptq.h"
#include <vector>

namespace hone {

/// Activation-aware scales (AWQ, Lin et al. 2023): the root mean square of each channel to a power, the one
/// of 20 from 0 to 0.95 with which rounding the weights (all read the same inputs) changes their outputs
/// least on inputs with these moments. Errors are those of up to 256 outputs of each weight, evenly spread.
Eigen::RowVectorXf awareScales(const std::vector<Matrix> &weights, const Eigen::MatrixXf &moments,
                               const Grid &grid, const ParallelFor &parallel);

/// Scales that move what is hard to round from the inputs to the weights (SmoothQuant, Xiao et al. 2022):
/// largest input^alpha / largest element^(1 - alpha) of each channel.
Eigen::RowVectorXf smoothScales(const std::vector<Matrix> &weights, const Eigen::VectorXf &peaks,
                                double alpha);

} // namespace hone
#endif
