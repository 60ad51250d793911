package io.github.gpumf.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PtxSignaturesTest {
  @Test
  void readsWhatNvccWrites() {
    String ptx =
        """
        // .visible .entry commented( .param .u64 x )
        .version 7.0
        .target sm_75
        .address_size 64
        .extern .shared .align 16 .b8 shared[];
        .visible .entry saxpy(
        \t.param .u64 saxpy_param_0,
        \t.param .u64 .ptr .global .align 16 saxpy_param_1,
        \t.param .f32 saxpy_param_2,
        \t.param .u32 saxpy_param_3
        )
        .maxntid 256, 1, 1
        {
        \tld.param.u64 %rd1, [saxpy_param_0];
        \tret;
        }
        .visible .func helper( .param .b32 helper_param_0 ) { ret; }
        .visible .entry empty()
        {
        \tret;
        }
        .weak .entry sums$2( .param .f64 a, .param .s64 b, .param .s32 c, .param .b64 d ) { ret; }
        .entry bare { ret; }
        """;
    Map<String, List<PtxType>> signatures = PtxSignatures.of(ptx);
    assertEquals(List.of("saxpy", "empty", "sums$2", "bare"), List.copyOf(signatures.keySet()));
    assertEquals(
        List.of(PtxType.INT64, PtxType.INT64, PtxType.FLOAT32, PtxType.INT32),
        signatures.get("saxpy"));
    assertEquals(List.of(), signatures.get("empty"));
    assertEquals(
        List.of(PtxType.FLOAT64, PtxType.INT64, PtxType.INT32, PtxType.INT64),
        signatures.get("sums$2"));
    assertEquals(List.of(), signatures.get("bare"));
  }

  @Test
  void refusesWhatCannotBePassed() {
    String structure = ".entry takes( .param .align 4 .b8 takes_param_0[12] ) { ret; }";
    IllegalArgumentException failure =
        assertThrows(IllegalArgumentException.class, () -> PtxSignatures.of(structure));
    assertTrue(String.valueOf(failure.getMessage()).contains("type .b8"), failure::toString);
  }
}
