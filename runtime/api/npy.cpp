// .npy files through the C interface.
#include "runtime/api/npy.h"
#include "runtime/api/Guard.h"
#include "runtime/base/Npy.h"
#include <algorithm>

using namespace hone::rt;

HoneStatus hone_npy_read(const char *path, HoneTensor *tensor) {
  return guarded([&]() -> Status {
    if (!path || !tensor)
      return invalid("hone_npy_read: expected a path and a place for the tensor, got null");
    *tensor = {};
    Result<NpyArray> array = readNpy(path);
    if (!array.ok())
      return array.status();
    if (array->dims.size() > HONE_MAX_RANK)
      return invalid(path, ": expected a rank of at most ", HONE_MAX_RANK, ", got ", array->dims.size());
    tensor->dtype = static_cast<HoneDType>(array->dtype);
    tensor->rank = static_cast<int>(array->dims.size());
    std::copy(array->dims.begin(), array->dims.end(), tensor->dims);
    tensor->data = array->data.release();
    return {};
  });
}

void hone_npy_free(HoneTensor *tensor) {
  if (!tensor)
    return;
  free(const_cast<void *>(tensor->data));
  tensor->data = nullptr;
}

HoneStatus hone_npy_write(const char *path, const HoneTensor *tensor) {
  return guarded([&]() -> Status {
    if (!path || !tensor || hone_tensor_bytes(tensor) < 0)
      return invalid("hone_npy_write: expected a path and a tensor");
    return writeNpy(path, static_cast<DType>(tensor->dtype), tensor->dims, tensor->rank, tensor->data);
  });
}
