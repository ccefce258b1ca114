package io.jenkins.plugins.vcftoken.offline;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.TypeParameterElement;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Elements;
import javax.lang.model.util.Types;

/** The smallest set of foreign classes and members that has some of them and still compiles by itself. */
final class Signatures {

    private final Elements elements;
    private final Types types;
    private final Foreign wrongServer;
    private final Set<Element> members = new LinkedHashSet<>();
    private final Deque<Element> unread = new ArrayDeque<>();

    Signatures(Elements elements, Types types) {
        this.elements = elements;
        this.types = types;
        this.wrongServer = new Foreign(elements);
    }

    /** Adds a class, method, constructor or field, unless it is none that needs a signature. */
    void add(Element element) {
        boolean type = element instanceof TypeElement;
        if (!type && !element.getKind().isField() && !(element instanceof ExecutableElement)) {
            return;
        }
        TypeElement owner = type ? (TypeElement) element : Foreign.enclosingType(element);
        if (wrongServer.is(owner) && members.add(element)) {
            unread.add(element);
            if (!type) {
                add(owner);
            }
        }
    }

    /** Adds what the added ones need, until nothing is missing. */
    void complete() {
        do {
            while (!unread.isEmpty()) {
                Element next = unread.remove();
                if (next instanceof TypeElement type) {
                    addNeedsOf(type);
                } else if (next instanceof ExecutableElement method) {
                    addTypes(method.getReturnType());
                    method.getParameters().forEach(parameter -> addTypes(parameter.asType()));
                    method.getThrownTypes().forEach(this::addTypes);
                    addBounds(method.getTypeParameters());
                } else {
                    addTypes(next.asType());
                }
            }
            types().forEach(this::addImplementations);
        } while (!unread.isEmpty());
    }

    Stream<TypeElement> topLevel() {
        return types().filter(type -> type.getEnclosingElement().getKind() == ElementKind.PACKAGE)
                .sorted(Comparator.comparing(type -> type.getQualifiedName().toString()));
    }

    List<Element> membersOf(TypeElement type) {
        return type.getEnclosedElements().stream()
                .filter(members::contains)
                .<Element>map(member -> member)
                .toList();
    }

    private Stream<TypeElement> types() {
        return List.copyOf(members).stream()
                .filter(member -> member instanceof TypeElement)
                .map(member -> (TypeElement) member);
    }

    private void addNeedsOf(TypeElement type) {
        if (type.getEnclosingElement() instanceof TypeElement outer) {
            add(outer);
        }
        addTypes(type.getSuperclass());
        type.getInterfaces().forEach(this::addTypes);
        addBounds(type.getTypeParameters());
        if (type.getKind() == ElementKind.ANNOTATION_TYPE) {
            type.getEnclosedElements().forEach(this::add);
        }
        if (type.getKind() == ElementKind.ENUM) {
            type.getEnclosedElements().stream()
                    .filter(member -> member.getKind() == ElementKind.ENUM_CONSTANT)
                    .forEach(this::add);
        }
        if (type.getKind() == ElementKind.CLASS) {
            simplestConstructor(type).forEach(this::add);
        }
    }

    private void addTypes(TypeMirror type) {
        Declarations.types(type).forEach(this::add);
    }

    private void addBounds(List<? extends TypeParameterElement> parameters) {
        parameters.forEach(parameter -> parameter.getBounds().forEach(this::addTypes));
    }

    /** A class without any constructor would get one that the real class may not have. */
    private static Stream<ExecutableElement> simplestConstructor(TypeElement type) {
        return ElementFilter.constructorsIn(type.getEnclosedElements()).stream()
                .sorted(Comparator.<ExecutableElement, Boolean>comparing(Declarations::isPrivate)
                        .thenComparing(
                                constructor -> constructor.getParameters().size())
                        .thenComparing(Object::toString))
                .limit(1);
    }

    /** What a class implements of the abstract methods above it, its children need not. */
    private void addImplementations(TypeElement type) {
        List<TypeElement> above = Supertypes.of(type, types).toList();
        above.stream()
                .flatMap(parent -> ElementFilter.methodsIn(parent.getEnclosedElements()).stream())
                .filter(method -> method.getModifiers().contains(Modifier.ABSTRACT))
                .filter(method -> members.contains(method) || !wrongServer.is(Foreign.enclosingType(method)))
                .forEach(wanted -> Stream.concat(Stream.of(type), above.stream())
                        .flatMap(owner -> ElementFilter.methodsIn(owner.getEnclosedElements()).stream())
                        .filter(method -> !method.getModifiers().contains(Modifier.ABSTRACT))
                        .filter(method -> elements.overrides(method, wanted, type))
                        .findFirst()
                        .ifPresent(this::add));
    }
}
