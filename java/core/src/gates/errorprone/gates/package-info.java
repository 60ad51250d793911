/** Sources that must not compile; they prove that the compiler's checks are switched on. */
@org.jspecify.annotations.NullMarked
package gates;
