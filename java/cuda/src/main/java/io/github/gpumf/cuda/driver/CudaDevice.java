package io.github.gpumf.cuda.driver;

import io.github.gpumf.cuda.driver.CudaDriver.Handle;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * What a GPU is; nothing is held.
 *
 * @param ordinal its number, from 0, in this process
 * @param name such as {@code NVIDIA H200}
 * @param uuid the same in every process; nvidia-smi prints it
 * @param computeMajor of its compute capability: 9 of 9.0
 * @param computeMinor of its compute capability: 0 of 9.0
 * @param multiprocessors how many there are
 * @param memoryBytes of device memory
 * @param cacheBytes of the L2 cache
 * @param sharedBytes that a block may have at most, if its kernel asks for as much
 * @param driverVersion the newest CUDA that the driver supports: 12060 for 12.6
 */
public record CudaDevice(
    int ordinal,
    String name,
    UUID uuid,
    int computeMajor,
    int computeMinor,
    int multiprocessors,
    long memoryBytes,
    long cacheBytes,
    int sharedBytes,
    int driverVersion) {
  // CUdevice_attribute
  private static final int MULTIPROCESSOR_COUNT = 16;
  private static final int L2_CACHE_SIZE = 38;
  private static final int COMPUTE_CAPABILITY_MAJOR = 75;
  private static final int COMPUTE_CAPABILITY_MINOR = 76;
  private static final int MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97;

  /**
   * Lists the devices.
   *
   * @param driver initialized
   * @return by ordinal
   * @throws CudaException if the driver fails
   */
  public static List<CudaDevice> all(CudaDriver driver) {
    List<CudaDevice> devices = new ArrayList<>();
    int count = driver.cuDeviceGetCount();
    for (int ordinal = 0; ordinal < count; ordinal++) {
      devices.add(of(driver, ordinal));
    }
    return List.copyOf(devices);
  }

  static CudaDevice of(CudaDriver driver, int ordinal) {
    Handle device = driver.cuDeviceGet(ordinal);
    return new CudaDevice(
        ordinal,
        driver.cuDeviceGetName(device),
        driver.cuDeviceGetUuid(device),
        driver.cuDeviceGetAttribute(COMPUTE_CAPABILITY_MAJOR, device),
        driver.cuDeviceGetAttribute(COMPUTE_CAPABILITY_MINOR, device),
        driver.cuDeviceGetAttribute(MULTIPROCESSOR_COUNT, device),
        driver.cuDeviceTotalMem(device),
        driver.cuDeviceGetAttribute(L2_CACHE_SIZE, device),
        driver.cuDeviceGetAttribute(MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, device),
        driver.cuDriverGetVersion());
  }

  /**
   * The identity as nvidia-smi prints it and CUDA_VISIBLE_DEVICES takes it.
   *
   * @return such as {@code GPU-5e7c1f0a-...}
   */
  public String id() {
    return "GPU-" + uuid;
  }

  /** One line for logs and {@code doctor}. */
  @Override
  public String toString() {
    return "GPU %d: %s, compute capability %d.%d, %d multiprocessors, %.1f GiB"
        .formatted(
            ordinal, name, computeMajor, computeMinor, multiprocessors, memoryBytes / 0x1p30);
  }
}
