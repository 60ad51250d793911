package io.github.gpumf.cuda.driver;

/** What to do about the driver's errors, by their {@code CUresult} codes. */
final class Remedies {
  static final int OUT_OF_MEMORY = 2;
  static final int NOT_READY = 600;

  private Remedies() {}

  static String of(int code) {
    return switch (code) {
      case 1 -> "the driver does not take these arguments: check sizes and launch shape";
      case OUT_OF_MEMORY ->
          "use fewer factors or a smaller batch, or stop other processes on the GPU (nvidia-smi"
              + " lists them)";
      case 3 -> "open the driver through CudaDrivers, which initializes it";
      case 4 -> "the process is ending: use the GPU no more";
      case 34 ->
          "the toolkit's stub stands before the driver: take its stubs folder out of"
              + " LD_LIBRARY_PATH";
      case 46 ->
          "another process holds the GPU: stop it, or set its compute mode (nvidia-smi -c DEFAULT)";
      case 100 ->
          "check that nvidia-smi lists a GPU, that CUDA_VISIBLE_DEVICES does not hide it and, in a"
              + " container, that it was started with --gpus all";
      case 101 -> "choose a device that CudaDevice.all lists";
      case 200, 218 ->
          "the PTX is damaged, or needs another chip: build it again with kernels/build.sh";
      case 201 -> "the context was destroyed by somebody else: open a new one";
      case 209 -> "the GPU is older than the kernels: compute capability 7.0 or newer is needed";
      case 221 -> "install libnvidia-ptxjitcompiler, a part of the NVIDIA driver";
      case 222 -> "the PTX is newer than the driver: update the NVIDIA driver";
      case 400 -> "an object of another context, or one destroyed already, was used";
      case 500 -> "the module has no kernel of that name: are PTX and library of one build?";
      case NOT_READY -> "wait for the stream or event first";
      case 700 ->
          "a kernel or copy reached memory outside its buffers; the context is lost, restart the"
              + " process; compute-sanitizer names the kernel";
      case 701 -> "use fewer threads in a block, or less shared memory";
      case 702 ->
          "the display's watchdog stopped a long kernel: use a GPU without a display; the context"
              + " is lost, restart the process";
      case 716 ->
          "a kernel read at an address that its type is not aligned to; the context is lost,"
              + " restart the process";
      case 719 ->
          "a kernel went wrong (a trap, a bad pointer, a deadlock); the context is lost, restart"
              + " the process; compute-sanitizer names the kernel";
      case 801 -> "this driver or device cannot do it: update the NVIDIA driver";
      case 802 -> "start the fabric manager (nvidia-fabricmanager), or wait until it is ready";
      case 803 ->
          "the driver's library and its kernel module differ: restart the machine after updating"
              + " the driver";
      case 804 -> "the CUDA compatibility package does not serve this GPU: remove it";
      case 900, 901, 902, 903, 904, 905, 906, 907, 908, 909 ->
          "inside Stream.capture use only that stream's copies, fills and launches, on one thread";
      default -> "see CUresult in the documentation of the CUDA driver API";
    };
  }

  /** After these every call of the context fails. */
  static boolean losesContext(int code) {
    return switch (code) {
      case 214, 226, 700, 702, 710, 714, 715, 716, 717, 718, 719 -> true;
      default -> false;
    };
  }
}
