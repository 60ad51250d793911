// Control of the stand-in driver, for tests: plain C, exported by libcuda.so.1 beside CUDA's own calls. A real driver has none of these names;
// looking one of them up tells the two apart.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// ---- Chance

// Seeds everything that is random: the order of blocks, of warps and their threads, and of streams. The same seed and calls give the same run as
// long as one worker runs the blocks (emulator_workers(1)).
void emulator_seed(unsigned long long seed);

// How many threads run blocks at the same time; 2 at the start. Also GPUMF_EMULATOR_WORKERS.
void emulator_workers(int count);

// ---- Failures on purpose

// Makes the nth use of a call from now on (1 is the next one) fail with the code, once, having done nothing. Calls go by their names without a
// suffix: "cuMemAlloc", not "cuMemAlloc_v2".
void emulator_fail_call(const char* call, int nth, int code);

// Memory of the device from now on, in bytes; 2 GiB at the start. Also GPUMF_EMULATOR_MEMORY.
void emulator_memory(unsigned long long bytes);

// How many devices there are from now on; 1 at the start. They share one memory. Also GPUMF_EMULATOR_DEVICES. CUDA_VISIBLE_DEVICES is read
// at the start and here.
void emulator_devices(int count);

// ---- What happened

// The last error's message, with all that is known of it: "" when there was none. Valid until the thread's next call of this function.
const char* emulator_last_error(void);

// Counts by name, -1 for a name that is none of these:
//   alive now:     allocations, allocated_bytes, host_allocations, host_bytes, modules, streams, events, graphs, contexts (retentions)
//   since reset:   launches, bytes_to_device, bytes_to_host, bytes_on_device
long long emulator_count(const char* name);

// Launches of a kernel that have run, and uses of a driver call (by its name without suffix), since the last reset.
long long emulator_launches(const char* kernel);
long long emulator_calls(const char* call);

// ---- Starting over

// Counts from 0 again and forgets planned failures and the last error; what is alive stays.
void emulator_reset_counts(void);

// Ends the context, however broken, with all that lives in it, and resets the counts. Threads must retain the context and make it current again.
void emulator_reset(void);

// ---- Kernels

// Loads a library of kernels that build.sh made; its kernels win over those of the same name. Returns a CUresult.
int emulator_load_kernels(const char* path);

// PTX that declares all loaded kernels and has no code in it: lets tests launch kernels that nvcc has not compiled. Valid until the thread's next
// call of this function.
const char* emulator_ptx(void);

#ifdef __cplusplus
}
#endif
