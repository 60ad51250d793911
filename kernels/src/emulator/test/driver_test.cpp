// The driver's own rules: contexts, modules, arguments, memory, handles, and the control functions.
#include <cstring>
#include <thread>

#include "harness.h"

using namespace test;

namespace {

std::string ptx(const std::string& entries, const char* version = "7.0", const char* target = "sm_75") {
  return std::string(".version ") + version + "\n.target " + target + "\n.address_size 64\n" + entries;
}

CUresult load(const std::string& text) {
  CUmodule module = nullptr;
  return cuModuleLoadData(&module, text.c_str());
}

TEST(a_thread_without_a_context_is_refused) {
  CUresult result = CUDA_SUCCESS;
  std::thread([&] {
    CUdeviceptr address = 0;
    result = cuMemAlloc_v2(&address, 4);
  }).join();
  CHECK_EQUAL(result, CUDA_ERROR_INVALID_CONTEXT);
  CHECK_ERROR("cuMemAlloc", "no current context");
}

TEST(a_context_is_retained_and_released) {
  CUcontext first = nullptr;
  OK(cuDevicePrimaryCtxRetain(&first, 0));
  CHECK_EQUAL(emulator_count("contexts"), 2);
  allocate(4);
  OK(cuDevicePrimaryCtxRelease_v2(0));
  CHECK_EQUAL(emulator_count("allocations"), 1);
  OK(cuDevicePrimaryCtxRelease_v2(0));
  CHECK_EQUAL(emulator_count("allocations"), 0);
  CHECK_EQUAL(cuDevicePrimaryCtxRelease_v2(0), CUDA_ERROR_INVALID_CONTEXT);
  CUdeviceptr address = 0;
  CHECK_EQUAL(cuMemAlloc_v2(&address, 4), CUDA_ERROR_INVALID_CONTEXT);
  CHECK_EQUAL(cuCtxSetCurrent(first), CUDA_ERROR_INVALID_CONTEXT);
}

TEST(there_is_one_device) {
  int value = 0;
  OK(cuDeviceGetAttribute(&value, 16, 0));
  CHECK_EQUAL(value, 132);
  CHECK_EQUAL(cuDeviceGetAttribute(&value, 16, 1), CUDA_ERROR_INVALID_DEVICE);
  CHECK_EQUAL(cuDeviceGetAttribute(&value, 0, 0), CUDA_ERROR_INVALID_VALUE);
}

TEST(there_may_be_several_devices) {
  emulator_devices(2);
  int count = 0;
  OK(cuDeviceGetCount(&count));
  CHECK_EQUAL(count, 2);
  CUuuid uuids[2] = {};
  OK(cuDeviceGetUuid(&uuids[0], 0));
  OK(cuDeviceGetUuid(&uuids[1], 1));
  CHECK(std::memcmp(&uuids[0], &uuids[1], sizeof(CUuuid)) != 0);
  CUcontext first = nullptr, second = nullptr;
  OK(cuDevicePrimaryCtxRetain(&first, 0));
  OK(cuDevicePrimaryCtxRetain(&second, 1));
  CHECK(first != second);
  OK(cuCtxSetCurrent(second));
  CUdevice current = -1;
  OK(cuCtxGetDevice(&current));
  CHECK_EQUAL(current, 1);
  OK(cuDevicePrimaryCtxRelease_v2(1));
  CHECK_EQUAL(cuCtxSetCurrent(second), CUDA_ERROR_INVALID_CONTEXT);
  OK(cuCtxSetCurrent(first));
  OK(cuDevicePrimaryCtxRelease_v2(0));
  emulator_devices(1);
  CHECK_EQUAL(cuDeviceGet(&current, 1), CUDA_ERROR_INVALID_DEVICE);
}

/// The machine's devices that a process sees with a value of CUDA_VISIBLE_DEVICES, by the last digit of their UUIDs.
std::string seen(const char* value) {
  setenv("CUDA_VISIBLE_DEVICES", value, 1);
  emulator_devices(4);
  int count = 0;
  OK(cuDeviceGetCount(&count));
  std::string digits;
  for (CUdevice device = 0; device < count; device++) {
    CUuuid uuid;
    OK(cuDeviceGetUuid(&uuid, device));
    digits += uuid.bytes[15];
  }
  unsetenv("CUDA_VISIBLE_DEVICES");
  emulator_devices(1);
  return digits;
}

TEST(visible_devices_by_number) {
  CHECK_EQUAL(seen("2"), "2");
  CHECK_EQUAL(seen("3,0,1"), "301");
  CHECK_EQUAL(seen(" 1, 2x"), "12");
  CHECK_EQUAL(seen("1,4,0"), "1");
  CHECK_EQUAL(seen("1,-1,0"), "1");
  CHECK_EQUAL(seen("1,one,0"), "1");
  CHECK_EQUAL(seen("1,GPU-4770754d-662d-7374-616e-642d696e2d30"), "1");
  CHECK_EQUAL(seen("1,,0"), "1");
  CHECK_EQUAL(seen(""), "");
  CHECK_EQUAL(seen("NoDevFiles"), "");
  CHECK_EQUAL(seen("1,0,1"), "");
}

TEST(visible_devices_by_uuid) {
  const std::string common = "GPU-4770754d-662d-7374-616e-642d696e2d";
  const auto device = [&](int number) { return common + "3" + std::to_string(number); };
  CHECK_EQUAL(seen(device(3).c_str()), "3");
  CHECK_EQUAL(seen((device(2) + "," + device(0)).c_str()), "20");
  CHECK_EQUAL(seen("GPU-4770754D-662D-7374-616E-642D696E2D31"), "1");
  CHECK_EQUAL(seen((device(2) + "," + common + "," + device(0)).c_str()), "2");
  CHECK_EQUAL(seen((device(2) + "," + device(7) + "," + device(0)).c_str()), "2");
  CHECK_EQUAL(seen((device(2) + ",0").c_str()), "2");
  CHECK_EQUAL(seen((device(2) + "," + device(2)).c_str()), "");
  CHECK_EQUAL(seen("MIG-4770754d-662d-7374-616e-642d696e2d30"), "");
}

TEST(without_a_visible_device_nothing_begins) {
  CHECK_EQUAL(seen("9"), "");
  emulator_devices(0);
  CHECK_EQUAL(cuInit(0), CUDA_ERROR_NO_DEVICE);
  CHECK_ERROR("CUDA_VISIBLE_DEVICES");
  emulator_devices(1);
  OK(cuInit(0));
}

TEST(a_kernel_that_was_not_compiled) {
  CHECK_EQUAL(load(ptx(".visible .entry unheardOf() { ret; }")), CUDA_ERROR_INVALID_PTX);
  CHECK_ERROR("unheardOf", "not compiled for the stand-in", "libtest_kernels.so");
}

TEST(a_kernel_that_the_module_lacks) {
  CUfunction function = nullptr;
  CHECK_EQUAL(cuModuleGetFunction(&function, module(), "unheardOf"), CUDA_ERROR_NOT_FOUND);
  CHECK_ERROR("no kernel unheardOf");
}

TEST(parameters_as_nvcc_writes_them) {
  OK(load(ptx("// a comment, with a .entry in it\n"
              ".visible .entry saxpy(\n\t.param .u32 saxpy_param_0,\n\t.param .f32 saxpy_param_1,\n"
              "\t.param .u64 .ptr .global .align 4 saxpy_param_2,\n\t.param .u64 saxpy_param_3\n)\n.maxntid 128, 1, 1\n"
              "{\n\t.shared .align 4 .b8 piece[512];\n\tret;\n}\n")));
}

TEST(attributes_come_from_the_ptx) {
  CUmodule bounded = nullptr;
  OK(cuModuleLoadData(&bounded, ptx(".visible .entry nothing() .maxntid 64, 2, 1 { .shared .align 4 .b8 piece[512]; ret; }").c_str()));
  CUfunction function = nullptr;
  OK(cuModuleGetFunction(&function, bounded, "nothing"));
  int value = 0;
  OK(cuFuncGetAttribute(&value, 0, function));
  CHECK_EQUAL(value, 128);
  OK(cuFuncGetAttribute(&value, 1, function));
  CHECK_EQUAL(value, 512);
  CHECK_EQUAL(cuLaunchKernel(function, 1, 1, 1, 129, 1, 1, 0, nullptr, nullptr, nullptr), CUDA_ERROR_INVALID_VALUE);
  CHECK_ERROR("129 threads", "up to 128");
  OK(cuModuleUnload(bounded));
  CHECK_EQUAL(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr), CUDA_ERROR_INVALID_HANDLE);
  CHECK_EQUAL(cuModuleUnload(bounded), CUDA_ERROR_INVALID_HANDLE);
}

TEST(another_number_of_parameters) {
  CHECK_EQUAL(load(ptx(".visible .entry noGuard(.param .u64 a, .param .u32 b) { ret; }")), CUDA_ERROR_INVALID_PTX);
  CHECK_ERROR("noGuard has 2 parameters in the PTX and 1 in the compiled kernels");
}

TEST(another_size_of_a_parameter) {
  CHECK_EQUAL(load(ptx(".visible .entry noGuard(.param .u32 a) { ret; }")), CUDA_ERROR_INVALID_PTX);
  CHECK_ERROR("parameter 0 of noGuard has 4 bytes in the PTX and 8");
}

TEST(a_list_of_arguments_that_is_too_short) {
  int n = 1;
  float a = 1;
  void* arguments[] = {&n, &a, nullptr, nullptr};
  CHECK_EQUAL(cuLaunchKernel(kernel("saxpy"), 1, 1, 1, 1, 1, 1, 0, nullptr, arguments, nullptr), CUDA_ERROR_INVALID_VALUE);
  CHECK_ERROR("saxpy takes 4 parameters", "number 2");
  arguments[2] = reinterpret_cast<void*>(std::uintptr_t(64));  // what lies behind a list may be anything
  CHECK_EQUAL(cuLaunchKernel(kernel("saxpy"), 1, 1, 1, 1, 1, 1, 0, nullptr, arguments, nullptr), CUDA_ERROR_INVALID_VALUE);
  CHECK_EQUAL(cuLaunchKernel(kernel("saxpy"), 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr), CUDA_ERROR_INVALID_VALUE);
}

TEST(arguments_in_one_buffer) {
  struct {
    int n;
    float a;
    CUdeviceptr x, y;
  } arguments = {1, 2, upload<float>({3}), upload<float>({4})};
  std::size_t bytes = sizeof arguments;
  void* extra[] = {reinterpret_cast<void*>(1), &arguments, reinterpret_cast<void*>(2), &bytes, nullptr};
  OK(cuLaunchKernel(kernel("saxpy"), 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, extra));
  CHECK_EQUAL(download<float>(arguments.y, 1)[0], 10.0f);
  bytes = 16;
  CHECK_EQUAL(cuLaunchKernel(kernel("saxpy"), 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, extra), CUDA_ERROR_INVALID_VALUE);
  CHECK_ERROR("saxpy are 24 bytes and not 16");
}

TEST(ptx_that_is_too_new_or_for_another_chip) {
  CHECK_EQUAL(load(ptx("", "9.0")), CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
  CHECK_ERROR("version 9.0");
  CHECK_EQUAL(load(ptx("", "7.0", "sm_100")), CUDA_ERROR_NO_BINARY_FOR_GPU);
  CHECK_EQUAL(load("nonsense"), CUDA_ERROR_INVALID_PTX);
}

TEST(the_compilers_log_says_what_is_wrong) {
  char log[256] = "";
  int options[] = {5, 6};
  void* values[] = {log, reinterpret_cast<void*>(sizeof log)};
  CUmodule module = nullptr;
  CHECK_EQUAL(cuModuleLoadDataEx(&module, "nonsense", 2, options, values), CUDA_ERROR_INVALID_PTX);
  CHECK(std::strstr(log, "no .version") != nullptr);
}

TEST(shapes_that_no_device_takes) {
  CHECK_EQUAL(launch("nothing", {1, 1025}), CUDA_ERROR_INVALID_VALUE);
  CHECK_EQUAL(launch("nothing", {0, 1}), CUDA_ERROR_INVALID_VALUE);
  CHECK_EQUAL(launch("nothing", {1, 0}), CUDA_ERROR_INVALID_VALUE);
  CHECK_EQUAL(cuLaunchKernel(kernel("nothing"), 1, 65536, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr), CUDA_ERROR_INVALID_VALUE);
  OK(run("nothing", {1, 1024}));
}

TEST(large_dynamic_shared_memory_must_be_asked_for) {
  const CUdeviceptr out = allocate(4);
  CHECK_EQUAL(launch("pastDynamicShared", {1, 1, 49156}, 0, out), CUDA_ERROR_INVALID_VALUE);
  OK(cuFuncSetAttribute(kernel("pastDynamicShared"), 8, 232448));
  OK(run("pastDynamicShared", {1, 1, 232448}, 232448 / 4 - 1, out));
  CHECK_EQUAL(cuFuncSetAttribute(kernel("pastDynamicShared"), 8, 232449), CUDA_ERROR_INVALID_VALUE);
}

TEST(occupancy_is_bounded_by_threads_and_shared_memory) {
  int blocks = 0;
  OK(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel("nothing"), 1024, 0));
  CHECK_EQUAL(blocks, 2);
  OK(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel("nothing"), 32, 40000));
  CHECK_EQUAL(blocks, 5);
}

TEST(memory_runs_out) {
  std::size_t before = 0, after = 0, total = 0;
  emulator_memory(1 << 20);
  OK(cuMemGetInfo_v2(&before, &total));
  CHECK_EQUAL(total, std::size_t(1) << 20);
  const CUdeviceptr half = allocate(1 << 19);
  CUdeviceptr more = 77;
  CHECK_EQUAL(cuMemAlloc_v2(&more, (1 << 19) + 1), CUDA_ERROR_OUT_OF_MEMORY);
  CHECK_EQUAL(more, CUdeviceptr(77));
  CHECK_ERROR("524289 bytes", "of 1048576 bytes 524288 are in use");
  OK(cuMemFree_v2(half));
  OK(cuMemGetInfo_v2(&after, &total));
  CHECK_EQUAL(after, before);
  emulator_memory(2ull << 30);
}

TEST(the_nth_use_of_a_call_fails) {
  emulator_fail_call("cuMemAlloc", 2, CUDA_ERROR_OUT_OF_MEMORY);
  const CUdeviceptr x = allocate(4);
  CUdeviceptr y = 0;
  CHECK_EQUAL(cuMemAlloc_v2(&y, 4), CUDA_ERROR_OUT_OF_MEMORY);
  CHECK_ERROR("cuMemAlloc", "emulator_fail_call");
  CHECK_EQUAL(emulator_count("allocations"), 1);
  OK(cuMemAlloc_v2(&y, 4));
  emulator_fail_call("cuMemcpyHtoD", 1, 999);
  const int value = 3;
  CHECK_EQUAL(cuMemcpyHtoD_v2(x, &value, 4), static_cast<CUresult>(999));
  CHECK_EQUAL(download<int>(x, 1)[0], -1);  // it has done nothing
}

TEST(counters_count) {
  CHECK_EQUAL(emulator_count("nonsense"), -1);
  CHECK_EQUAL(emulator_count("modules"), 1);
  const CUdeviceptr x = upload(std::vector<float>(10));
  download<float>(x, 5);
  OK(cuMemcpyDtoDAsync_v2(x, x + 20, 20, nullptr));
  OK(run("noGuard", {1, 10}, x));
  OK(run("noGuard", {1, 10}, x));
  void* pinned = nullptr;
  OK(cuMemHostAlloc(&pinned, 100, 0));
  CHECK_EQUAL(emulator_count("allocations"), 1);
  CHECK_EQUAL(emulator_count("allocated_bytes"), 40);
  CHECK_EQUAL(emulator_count("host_allocations"), 1);
  CHECK_EQUAL(emulator_count("host_bytes"), 100);
  CHECK_EQUAL(emulator_count("bytes_to_device"), 40);
  CHECK_EQUAL(emulator_count("bytes_to_host"), 20);
  CHECK_EQUAL(emulator_count("bytes_on_device"), 20);
  CHECK_EQUAL(emulator_count("launches"), 2);
  CHECK_EQUAL(emulator_launches("noGuard"), 2);
  CHECK_EQUAL(emulator_launches("saxpy"), 0);
  CHECK_EQUAL(emulator_calls("cuLaunchKernel"), 2);
  CHECK_EQUAL(emulator_calls("cuMemcpyHtoD"), 1);
  OK(cuMemFreeHost(pinned));
  OK(cuMemFree_v2(x));
  CHECK_EQUAL(emulator_count("allocations"), 0);
  CHECK_EQUAL(emulator_count("host_allocations"), 0);
  emulator_reset_counts();
  CHECK_EQUAL(emulator_calls("cuLaunchKernel"), 0);
  CHECK_EQUAL(emulator_count("bytes_to_device"), 0);
  CHECK_EQUAL(emulator_count("modules"), 1);
}

TEST(rectangles_are_copied_by_their_pitches) {
  const CUdeviceptr padded = allocate(4 * 8 * sizeof(float));
  const auto rows = floats(12, [](std::size_t i) { return float(i); });
  CUDA_MEMCPY2D copy{};
  copy.srcMemoryType = CU_MEMORYTYPE_HOST;
  copy.srcHost = rows.data();
  copy.srcPitch = 3 * sizeof(float);
  copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.dstDevice = padded;
  copy.dstPitch = 8 * sizeof(float);
  copy.WidthInBytes = 3 * sizeof(float);
  copy.Height = 4;
  OK(cuMemcpy2D_v2(&copy));
  const auto result = download<float>(padded, 32);
  CHECK_EQUAL(result[3 * 8 + 2], 11.0f);
  CHECK(std::isnan(result[3]));
  CHECK_EQUAL(emulator_count("bytes_to_device"), 48);
  copy.Height = 5;
  CHECK_EQUAL(cuMemcpy2D_v2(&copy), CUDA_ERROR_INVALID_VALUE);
  copy.Height = 4;
  copy.dstPitch = 8;
  CHECK_EQUAL(cuMemcpy2D_v2(&copy), CUDA_ERROR_INVALID_VALUE);
  CHECK_ERROR("pitch of 8 bytes");
}

TEST(calls_that_are_missing_say_so) {
  CHECK_EQUAL(cuArrayDestroy(nullptr), CUDA_ERROR_NOT_SUPPORTED);
  CHECK_ERROR("cuArrayDestroy");
}

TEST(one_seed_gives_one_run) {
  const CUdeviceptr out = allocate(33 * sizeof(int));
  emulator_workers(1);
  const auto once = [&](unsigned long long seed) {
    emulator_seed(seed);
    OK(cuMemsetD8_v2(out, 0, 33 * sizeof(int)));
    OK(launch("blocksInOrder", {32, 32}, out));
    return download<int>(out, 33);
  };
  const auto first = once(7);
  CHECK(once(7) == first);
  CHECK(once(8) != first);
  emulator_workers(2);
}

}  // namespace
