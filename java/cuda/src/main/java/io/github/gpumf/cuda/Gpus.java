package io.github.gpumf.cuda;

import io.github.gpumf.backend.BackendUnavailableException;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.CudaDevice;
import io.github.gpumf.cuda.driver.CudaDriver;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The GPUs that the driver shows: those that CUDA_VISIBLE_DEVICES names, in its order, if it is
 * set.
 *
 * <p>Safe for any number of threads.
 */
public final class Gpus {
  /** That of the PTX; see kernels/build.sh. */
  static final int LEAST_MAJOR = 7;

  private final CudaDriver driver;
  private final List<CudaDevice> devices;
  private final Map<Integer, CudaBackend> backends = new HashMap<>();

  /**
   * Lists them.
   *
   * @param driver that shows them; there is at least one
   */
  public Gpus(CudaDriver driver) {
    this.driver = driver;
    devices = CudaDevice.all(driver);
  }

  CudaDriver driver() {
    return driver;
  }

  List<CudaDevice> all() {
    return devices;
  }

  static boolean isUsable(CudaDevice device) {
    return device.computeMajor() >= LEAST_MAJOR;
  }

  /**
   * The one that is taken when none is asked for.
   *
   * @return the first that the kernels run on, or nothing if all are too old
   */
  public Optional<CudaDevice> first() {
    return devices.stream().filter(Gpus::isUsable).findFirst();
  }

  /** The backend on a device, one for all who ask: context and kernels are shared. */
  synchronized CudaBackend backend(CudaDevice device) {
    return backends.computeIfAbsent(
        device.ordinal(), ordinal -> new CudaBackend(this, CudaContext.open(driver, ordinal)));
  }

  /**
   * Finds a device.
   *
   * @param asked its number, or its UUID as nvidia-smi prints it, or the beginning of that
   * @return the device
   * @throws BackendUnavailableException if there is not just one, or it is too old
   */
  public CudaDevice find(String asked) {
    List<CudaDevice> found = devices.stream().filter(device -> isMeant(device, asked)).toList();
    if (found.size() != 1) {
      throw new BackendUnavailableException(
          (found.isEmpty() ? "there is no GPU \"" : "several GPUs are meant by \"")
              + asked
              + "\"; there "
              + (devices.size() == 1 ? "is " : "are ")
              + devices.stream()
                  .map(device -> device.ordinal() + ": " + device.name() + " (" + device.id() + ")")
                  .collect(Collectors.joining(", "))
              + "; ask for one by number or UUID, such as cuda:"
              + devices.getFirst().ordinal(),
          null);
    }
    CudaDevice device = found.getFirst();
    if (!isUsable(device)) {
      throw new BackendUnavailableException(tooOld(device) + "; " + NEEDED, null);
    }
    return device;
  }

  private static boolean isMeant(CudaDevice device, String asked) {
    String id = device.id().toLowerCase(Locale.ROOT);
    String begin = asked.toLowerCase(Locale.ROOT);
    return asked.equals(Integer.toString(device.ordinal()))
        || (begin.startsWith("gpu-") && begin.length() > "gpu-".length() && id.startsWith(begin));
  }

  static final String NEEDED =
      "needs a GPU of compute capability " + LEAST_MAJOR + ".0 (Volta, 2017) or newer";

  static String tooOld(CudaDevice device) {
    return device + " is too old for the kernels";
  }
}
