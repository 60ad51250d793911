// Each wrong kernel is found out.
#include "harness.h"

using namespace test;

namespace {

constexpr int SEEDS = 100;

// How many of the seeds give a result other than the right one.
int wrongUnderSeeds(const char* name, Shape shape, CUdeviceptr out, const std::vector<int>& right) {
  int wrong = 0;
  for (int seed = 0; seed < SEEDS; seed++) {
    emulator_seed(static_cast<unsigned long long>(seed));
    OK(cuMemsetD8_v2(out, 0, right.size() * sizeof(int)));
    OK(launch(name, shape, out));
    wrong += download<int>(out, right.size()) != right;
  }
  return wrong;
}

TEST(one_element_past_the_end) {
  const CUdeviceptr x = allocate(100 * sizeof(float)), out = allocate(32 * sizeof(float));
  CHECK_EQUAL(run("readAt", {1, 32}, 69LL, x, out), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_ERROR("kernel readAt", "block (0, 0, 0)", "thread (31, 0, 0)", "reads 4 bytes", "byte offset 400", "allocation of 400 bytes",
              "argument 1");
}

TEST(the_last_element_is_inside) {
  const CUdeviceptr x = allocate(100 * sizeof(float)), out = allocate(32 * sizeof(float));
  OK(run("readAt", {1, 32}, 68LL, x, out));
}

TEST(a_write_past_the_end) {
  const CUdeviceptr x = allocate(100 * sizeof(float));
  CHECK_EQUAL(run("writeAt", {}, 100LL, x), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_ERROR("writeAt", "reads or writes 4 bytes", "byte offset 400");
}

TEST(an_element_that_begins_inside_and_ends_outside) {
  const CUdeviceptr x = allocate(102);
  CHECK_EQUAL(run("writeAt", {}, 25LL, x), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_ERROR("byte offset 100", "allocation of 102 bytes");
}

TEST(a_forgotten_guard_in_a_ragged_last_block) {
  const CUdeviceptr x = upload(std::vector<float>(1000));
  CHECK_EQUAL(run("noGuard", {4, 256}, x), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_ERROR("block (3, 0, 0)", "allocation of 4000 bytes");
}

TEST(a_negative_offset) {
  const CUdeviceptr x = allocate(100 * sizeof(float));
  CHECK_EQUAL(run("writeAt", {}, -1LL, x), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_ERROR("byte offset -4");
}

TEST(an_offset_from_within_the_allocation) {
  const CUdeviceptr x = allocate(100 * sizeof(float));
  OK(run("writeAt", {}, 49LL, x + 200));
  OK(run("writeAt", {}, -50LL, x + 200));
  CHECK_EQUAL(run("writeAt", {}, 50LL, x + 200), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_ERROR("byte offset 400 of the allocation of 400 bytes");
}

TEST(a_read_in_another_allocation) {
  const CUdeviceptr x = allocate(100 * sizeof(float)), other = allocate(50 * sizeof(float)), out = allocate(4);
  const auto distance = static_cast<long long>(other + 40 - x) / 4;
  CHECK_EQUAL(run("readAt", {}, distance, x, out), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_ERROR("argument 1", "which is byte offset 40 of an allocation of 200 bytes");
}

TEST(an_offset_beyond_all_addresses) {
  const CUdeviceptr x = allocate(100 * sizeof(float));
  CHECK_EQUAL(run("writeAt", {}, 1LL << 61, x), CUDA_ERROR_ILLEGAL_ADDRESS);
}

TEST(use_after_free_in_a_kernel) {
  const CUdeviceptr x = allocate(400);
  OK(cuMemFree_v2(x));
  CHECK_EQUAL(run("writeAt", {}, 0LL, x), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_ERROR("argument 1", "a released allocation of 400 bytes");
}

TEST(an_address_is_never_given_out_again) {
  const CUdeviceptr x = allocate(400);
  OK(cuMemFree_v2(x));
  for (int i = 0; i < 1000; i++) {
    const CUdeviceptr y = allocate(400);
    CHECK(y != x);
    OK(cuMemFree_v2(y));
  }
}

TEST(use_after_free_in_a_copy) {
  const CUdeviceptr x = allocate(400);
  OK(cuMemFree_v2(x));
  float value = 0;
  CHECK_EQUAL(cuMemcpyDtoH_v2(&value, x, 4), CUDA_ERROR_INVALID_VALUE);
  CHECK_ERROR("cuMemcpyDtoH", "a released allocation of 400 bytes");
}

TEST(double_free) {
  const CUdeviceptr x = allocate(400);
  OK(cuMemFree_v2(x));
  CHECK_EQUAL(cuMemFree_v2(x), CUDA_ERROR_INVALID_VALUE);
  CHECK_ERROR("was released before");
}

TEST(free_of_a_pointer_into_an_allocation) {
  CHECK_EQUAL(cuMemFree_v2(allocate(400) + 4), CUDA_ERROR_INVALID_VALUE);
  CHECK_ERROR("not the start of an allocation");
}

TEST(copy_beyond_an_allocation) {
  const CUdeviceptr x = allocate(400);
  std::vector<char> bytes(404);
  CHECK_EQUAL(cuMemcpyHtoD_v2(x, bytes.data(), 404), CUDA_ERROR_INVALID_VALUE);
  CHECK_ERROR("destination of 404 bytes", "allocation of 400 bytes");
  CHECK_EQUAL(cuMemcpyDtoH_v2(bytes.data(), x + 200, 204), CUDA_ERROR_INVALID_VALUE);
}

TEST(a_null_pointer) {
  CHECK_EQUAL(run("writeAt", {}, 0LL, CUdeviceptr(0)), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_ERROR("argument 1", "a null pointer");
}

TEST(a_host_pointer) {
  float value = 0;
  CHECK_EQUAL(run("writeAt", {}, 0LL, reinterpret_cast<CUdeviceptr>(&value)), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_ERROR("an address that is no device memory");
}

TEST(a_plain_pointer_meets_a_guard_page) {
  const CUdeviceptr x = allocate(4096);
  CHECK_EQUAL(run("plainPointer", {}, 1024LL, x), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_ERROR("kernel plainPointer", "plain pointer", "byte offset 4096 of an allocation of 4096 bytes");
  freshContext();
  CHECK_EQUAL(run("plainPointer", {}, -1LL, allocate(4096)), CUDA_ERROR_ILLEGAL_ADDRESS);
}

TEST(past_the_end_of_dynamic_shared_memory) {
  const CUdeviceptr out = allocate(4);
  OK(run("pastDynamicShared", {1, 1, 64}, 15, out));
  CHECK_EQUAL(run("pastDynamicShared", {1, 1, 64}, 16, out), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_ERROR("dynamic shared memory");
}

TEST(a_misaligned_vector) {
  const CUdeviceptr x = allocate(64);
  OK(run("misaligned", {}, 4, x));
  CHECK_EQUAL(run("misaligned", {}, 1, x), CUDA_ERROR_MISALIGNED_ADDRESS);
  CHECK_ERROR("byte offset 4", "no multiple of 16");
}

TEST(a_missing_syncthreads) {
  std::vector<int> right(128);
  for (int i = 0; i < 128; i++) {
    right[static_cast<std::size_t>(i)] = (i + 64) % 128;
  }
  CHECK_EQUAL(wrongUnderSeeds("missingSyncthreads", {1, 128}, allocate(128 * sizeof(int)), right), SEEDS);
}

TEST(a_missing_second_syncthreads) {
  std::vector<int> right(256);
  for (int i = 0; i < 256; i++) {
    right[static_cast<std::size_t>(i)] = i / 128 * 1000 + (i + 64) % 128;
  }
  CHECK(wrongUnderSeeds("missingSecondSyncthreads", {1, 128}, allocate(256 * sizeof(int)), right) > SEEDS / 2);
}

TEST(a_missing_syncwarp) {
  std::vector<int> right(32);
  for (int i = 0; i < 32; i++) {
    right[static_cast<std::size_t>(i)] = 31 - i;
  }
  CHECK_EQUAL(wrongUnderSeeds("missingSyncwarp", {1, 32}, allocate(32 * sizeof(int)), right), SEEDS);
}

TEST(a_dependence_on_the_order_of_blocks) {
  std::vector<int> right(33);
  for (int i = 0; i <= 32; i++) {
    right[static_cast<std::size_t>(i)] = i;
  }
  CHECK_EQUAL(wrongUnderSeeds("blocksInOrder", {32, 32}, allocate(33 * sizeof(int)), right), SEEDS);
}

TEST(lost_updates) { CHECK_EQUAL(wrongUnderSeeds("lostUpdates", {1, 64}, allocate(sizeof(int)), {64}), SEEDS); }

TEST(a_deadlock_at_a_barrier) {
  CHECK_EQUAL(run("deadlock", {1, 32}), CUDA_ERROR_LAUNCH_FAILED);
  CHECK_ERROR("kernel deadlock", "deadlock: 16 of 32 running threads wait at __syncthreads", "lanes 0xffff0000 of warp 0 wait",
              "for lanes 0x0000ffff");
}

TEST(a_lane_outside_its_own_mask) {
  CHECK_EQUAL(run("notInMask", {1, 32}, allocate(128)), CUDA_ERROR_LAUNCH_FAILED);
  CHECK_ERROR("mask 0x0000ffff leaves it out");
}

TEST(a_shuffle_from_a_lane_that_has_left_is_poison) {
  const CUdeviceptr out = allocate(64);
  OK(run("shuffleFromExited", {1, 32}, out));
  const auto result = download<int>(out, 16);
  CHECK_EQUAL(result[7], 15);
  CHECK_EQUAL(result[8], -1);
}

TEST(fresh_memory_is_poison) {
  const CUdeviceptr x = allocate(128), out = allocate(128);
  OK(run("copy", {1, 32}, 32, x, out));
  for (float value : download<float>(out, 32)) {
    CHECK(std::isnan(value));
  }
}

TEST(shared_memory_is_poison_in_every_block) {
  const CUdeviceptr out = allocate(128);
  for (int i = 0; i < 3; i++) {
    OK(run("missingSyncthreads", {1, 128}, allocate(512)));  // leaves its numbers in shared memory
    OK(run("uninitializedShared", {1, 32}, out));
    for (float value : download<float>(out, 32)) {
      CHECK(std::isnan(value));
    }
  }
}

TEST(a_division_by_zero) {
  const CUdeviceptr out = allocate(4);
  OK(run("divide", {}, 2, out));
  CHECK_EQUAL(run("divide", {}, 0, out), CUDA_ERROR_LAUNCH_FAILED);
  CHECK_ERROR("kernel divide", "divides an integer by zero");
}

TEST(a_stack_that_overflows) {
  const CUdeviceptr out = allocate(4);
  OK(run("deepStack", {}, 4, out));
  CHECK_EQUAL(run("deepStack", {}, 100000, out), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_ERROR("beyond the thread's stack");
}

TEST(a_thread_that_spins_lets_others_pass) {
  const CUdeviceptr flag = upload(std::vector<int>(1));
  OK(run("spin", {1, 64}, flag));
  CHECK_EQUAL(download<int>(flag, 1)[0], 2);
}

TEST(a_trap) {
  CHECK_EQUAL(run("trap", {}), CUDA_ERROR_LAUNCH_FAILED);
  CHECK_ERROR("kernel trap", "__trap()");
}

TEST(a_fault_breaks_the_context_until_it_is_reset) {
  const CUdeviceptr x = allocate(400);
  OK(launch("writeAt", {}, 100LL, x));  // nothing has run yet
  CHECK_EQUAL(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  CUdeviceptr y = 0;
  CHECK_EQUAL(cuMemAlloc_v2(&y, 4), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_EQUAL(cuMemFree_v2(x), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_EQUAL(emulator_count("allocations"), 0);  // given back all the same
  CHECK_ERROR("writeAt");                          // the first message stays
  freshContext();
  OK(run("writeAt", {}, 99LL, allocate(400)));
}

TEST(a_fault_leaves_the_next_kernels_whole) {
  for (int i = 0; i < 20; i++) {
    freshContext();
    CHECK_EQUAL(run("noGuard", {8, 256}, allocate(4 * 2000)), CUDA_ERROR_ILLEGAL_ADDRESS);
    freshContext();
    OK(run("sumOfBlocks", {5, 256}, 1000LL, upload(std::vector<float>(1000)), allocate(20)));
  }
}

}  // namespace
