package io.jenkins.plugins.vcftoken.offline;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Stream;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.Types;

/** The superclasses and interfaces of a class, including inherited ones, nearest first. */
final class Supertypes {

    private Supertypes() {}

    static Stream<TypeElement> findAll(TypeElement type, Types types) {
        Set<TypeElement> all = new LinkedHashSet<>();
        collect(type.asType(), types, all);
        return all.stream();
    }

    private static void collect(TypeMirror type, Types types, Set<TypeElement> all) {
        for (TypeMirror parent : types.directSupertypes(type)) {
            if (types.asElement(parent) instanceof TypeElement element && all.add(element)) {
                collect(parent, types, all);
            }
        }
    }
}
