/** Sources that must not compile; they prove that javac -Xlint -Werror is switched on. */
@org.jspecify.annotations.NullMarked
package gates;
